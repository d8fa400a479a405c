import { type Pool, startPool } from '../../shards/pool.ts';
import { type Limits, limitsOf } from '../limits.ts';

export const hostileScript = new URL('./hostile.ts', import.meta.url);

/** Two images of two numbers, and two classes. */
const examples = { x: new Float32Array(4), y: Int32Array.of(1, 0), count: 2 };

/** Limits that a machine of tests can meet within a second. */
export const tight: Limits = {
  ...limitsOf({}),
  memoryBytes: 300 * 2 ** 20,
  threads: 60,
  noiseBytes: 2 ** 20,
  silenceSeconds: 20,
  taskSeconds: 60,
};

export function startHostilePool(sandboxed: boolean, limits: Partial<Limits> = {}): Promise<Pool> {
  return startPool({
    backend: 'cpu',
    size: () => 1,
    sandboxed,
    script: hostileScript,
    limits: { ...tight, ...limits },
  });
}

/** Has a worker that was taken over do something. @returns what it reports, or why it was ended */
export async function attempt(pool: Pool, act: string, bytes = '', pixel = 0): Promise<Error> {
  const models = { model: { architecture: act, weights: Buffer.from(bytes) }, surrogates: {} };
  const job = { key: act, models, classes: 2, examples };
  return pool.run(job, { kind: 'predict', x: Float32Array.of(pixel, 0) }, [0, 0]).then(
    () => new Error('it answered'),
    (error: Error) => error,
  );
}
