import { setTimeout } from 'node:timers/promises';
import { ParapetError } from '#core/errors.ts';
import type { Timer } from '../timer.ts';
import { REST_MS, ratio, type Times, timesOf, WARM_UP } from '../times.ts';
import { type ImportNet, type Pass, passes, type Request, type Response } from './nets.ts';

type PassTimer = Timer<Request, Response>;

export interface Timers {
  readonly torch: PassTimer;
  /** By name. */
  readonly backends: Readonly<Record<string, PassTimer>>;
}

/** One pass of one net on one backend. */
export interface Measured extends ImportNet {
  readonly pass: Pass;
  readonly backend: string;
  readonly zoo: Times;
  readonly import: Times;
  readonly torch: Times;
  /** The import's time over that of the zoo's net, median of the rounds: in each of them both ran one after the other. */
  readonly importOverZoo: number;
  /** The same of the time of all cores. */
  readonly importOverZooCores: number;
  /** PyTorch's time over the import's by the clock, likewise. */
  readonly torchOverImport: number;
}

/** Largest difference of two nets' scores, as a share of the largest, that is still rounding. */
const SAME_NET = 1e-3;

/**
 * Lets all nets take turns.
 * @param rounds how often each pass of each net is timed, after two times that do not count
 * @throws ParapetError 'integrity' when the imported net or PyTorch's is not the zoo's
 */
export async function compare(
  nets: readonly ImportNet[],
  { torch, backends }: Timers,
  rounds: number,
  say: (text: string) => void,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const net of nets) {
    for (const pass of passes) {
      for (const [backend, timer] of Object.entries(backends)) {
        say(`${net.architecture}, ${pass}: ${backend}`);
        const taken = { zoo: [] as Response[], import: [] as Response[], torch: [] as Response[] };
        for (let round = -WARM_UP; round < rounds; round++) {
          // Whoever comes second finds other caches: they change places.
          const order = round % 2 === 0 ? (['zoo', 'import', 'torch'] as const) : (['import', 'zoo', 'torch'] as const);
          const said = new Map<Request['source'], Response>();
          for (const source of order) {
            const asked = source === 'torch' ? torch : timer;
            said.set(source, await asked.ask({ architecture: net.architecture, source, pass }));
            if (source === 'torch' || said.size === 2) await setTimeout(REST_MS);
          }
          if (pass === 'forward' && round === -WARM_UP) requireSameNet(net.architecture, said);
          if (round >= 0) for (const [source, response] of said) taken[source].push(response);
        }
        measured.push({
          ...net,
          pass,
          backend,
          zoo: timesOf(taken.zoo),
          import: timesOf(taken.import),
          torch: timesOf(taken.torch),
          importOverZoo: ratio(taken.import, taken.zoo, 'milliseconds'),
          importOverZooCores: ratio(taken.import, taken.zoo, 'coreMilliseconds'),
          torchOverImport: ratio(taken.torch, taken.import, 'milliseconds'),
        });
      }
    }
  }
  return measured;
}

function requireSameNet(architecture: string, said: ReadonlyMap<Request['source'], Response>): void {
  const zoo = said.get('zoo')?.sample ?? [];
  const largest = Math.max(...zoo.map(Math.abs));
  for (const [source, { sample }] of said) {
    const difference = Math.max(...zoo.map((value, i) => Math.abs(value - (sample[i] as number))));
    if (difference <= SAME_NET * largest) continue;
    throw new ParapetError(
      'integrity',
      `${architecture}: scores of ${source} differ from the zoo's by ${difference} of ${largest}`,
    );
  }
}
