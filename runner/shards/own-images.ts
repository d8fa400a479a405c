import { imagesAtOnce } from '#core/evaluation/at-once.ts';
import { cleanImages } from '#core/evaluation/clean.ts';
import { evidenceOf } from '#core/evidence/file.ts';
import { distances, inBall, predictions } from '#core/metrics/judge.ts';
import type { Result } from '#core/result.ts';
import type { AdversarialPair } from '../files/own-output.ts';
import { readEvidence } from '../files/results.ts';
import type { Pool } from './pool.ts';
import type { Prepared } from './prepare.ts';

/** Small images of one prediction task. */
const CHUNK = 50;

/** The images that show which examples were broken, as the evidence of a result holds them, with what the model says of each. */
export async function adversarialPairs(
  { evaluation, job }: Prepared,
  result: Result,
  path: string,
  pool: Pool,
): Promise<AdversarialPair[]> {
  const { suite, examples, classes } = evaluation;
  const { track } = suite;
  const size = examples.x.length / examples.count;
  const evidence = evidenceOf(await readEvidence(path, result), evaluation);
  const clean = cleanImages(evaluation, evidence.examples);
  const broken = evidence.best.flatMap(({ row, pixels }) => {
    const distance = distances(clean(row), pixels, size, track.norm)[0] as number;
    return inBall(distance, track.epsilon) ? [{ row, pixels, distance }] : [];
  });
  const said: number[] = [];
  const step = imagesAtOnce(size, CHUNK);
  for (let start = 0; start < broken.length; start += step) {
    const some = broken.slice(start, start + step);
    const x = new Float32Array(some.length * size);
    some.forEach(({ pixels }, i) => {
      x.set(pixels, i * size);
    });
    said.push(...predictions(await pool.run(job, { kind: 'predict', x }, [0, 0]), classes));
  }
  return broken.map(({ row, pixels, distance }, i) => {
    const example = evidence.examples[row] as number;
    return {
      example,
      y: examples.y[example] as number,
      clean: clean(row).slice(),
      adversarial: pixels,
      predicted: said[i] as number,
      distance,
    };
  });
}
