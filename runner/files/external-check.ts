import { judgeShape } from '#core/external/judge.ts';
import { inspectDataset, loadDataset } from './datasets.ts';
import { type ReadExternal, readExternal } from './external.ts';
import { commonWarnings, refuseTwin, strangers } from './submission-check.ts';

/** What an external evaluation is, as far as it can be told without asking a model. */
export interface CheckedExternal {
  readonly kind: 'external-evaluation';
  readonly id: string;
  readonly name: string;
  readonly digest: string;
  readonly of: { readonly submission: string; readonly track: string };
  /** Adversarial images. */
  readonly images: number;
  /** What a person should know. */
  readonly notes: readonly string[];
  /** What is allowed but probably not meant. */
  readonly warnings: readonly string[];
}

/**
 * Checks all of an external evaluation that can be checked in seconds: the manifest, its target, the form of the examples, the
 * rest of the folder and, where the data set lies in the cache, whether each image keeps to the ball.
 * @throws ParapetError 'submission' for whatever would keep it from being evaluated; 'usage' when there is no such folder
 */
export async function checkExternal(path: string): Promise<CheckedExternal> {
  const read = await readExternal(path);
  const { evaluation, digest, examples, folder } = read;
  await refuseTwin(folder);
  return {
    kind: evaluation.kind,
    id: evaluation.id,
    name: evaluation.name,
    digest,
    of: evaluation.of,
    images: examples.index.length,
    notes: [],
    warnings: [
      ...commonWarnings(evaluation),
      ...(await shapeWarnings(read)),
      ...(await strangers(folder, [evaluation.examples.file])),
    ],
  };
}

/** How many images would be rejected before any model is asked. */
async function shapeWarnings({ examples, track, target }: ReadExternal): Promise<string[]> {
  const warnings = target.sent === null ? [`of.submission: ${target.submission.id} has no weights to judge by`] : [];
  const { whole, of } = await inspectDataset(track.dataset);
  // The ball has no centre without the data, and fetching them takes longer than seconds.
  const clean = whole === of ? await cleanImages(track.dataset, (examples.index.at(-1) ?? 0) + 1) : null;
  const verdicts = judgeShape(examples, track, clean);
  for (const [verdict, what] of [
    ['not-finite', 'hold a value that is not finite'],
    ['outside-range', 'hold a value outside [0, 1]'],
    ['outside-ball', `lie outside the ball of ${track.id}`],
  ] as const) {
    const count = verdicts.filter((one) => one === verdict).length;
    if (count > 0) warnings.push(`examples: ${count} of ${verdicts.length} images ${what}, and will be rejected`);
  }
  return warnings;
}

async function cleanImages(dataset: string, limit: number): Promise<(position: number) => Float32Array> {
  const { x, count } = await loadDataset(dataset, 'test', { limit });
  const size = x.length / count;
  return (position) => x.subarray(position * size, (position + 1) * size);
}
