import { findDataset } from '#core/datasets/index.ts';
import { writeDurable } from '../files/durable.ts';
import { readFlagTexts } from '../files/flag-texts.ts';
import type { AdversarialPair, OwnImages } from '../files/own-output.ts';
import { checkAdversarialPath, writeAdversarial } from '../files/own-output.ts';
import { pngOf } from '../files/png.ts';
import type { OwnEvaluated } from '../shards/evaluate-own.ts';
import { quoted } from './quoted.ts';
import { reportPage } from './report/page.ts';

export interface OutputOptions {
  readonly report?: string;
  readonly adversarial?: string;
}

/** Images in a report: so many, and of large ones so many values. */
const MOST_PAIRS = 24;
const MOST_VALUES = 2 ** 21;

/** @throws ParapetError 'usage' for what cannot be written, before anything is computed */
export function checkOutputs({ adversarial }: OutputOptions): void {
  if (adversarial !== undefined) checkAdversarialPath(adversarial);
}

/** The change as a picture: around grey, the largest black or white. */
function changeOf({ clean, adversarial }: AdversarialPair, shape: OwnImages['shape']) {
  const change = adversarial.map((value, i) => value - (clean[i] as number));
  const largest = change.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const enlarged = largest === 0 ? 1 : 0.5 / largest;
  return {
    change: pngOf(
      change.map((value) => 0.5 + enlarged * value),
      shape,
    ),
    enlarged,
  };
}

export async function writeOutputs(
  { report, adversarial }: OutputOptions,
  { result, images }: OwnEvaluated & { readonly images: OwnImages },
): Promise<void> {
  if (adversarial !== undefined) await writeAdversarial(adversarial, images);
  if (report === undefined) return;
  const { dataset } = result;
  const classNames = dataset.split === 'own' ? (dataset.classNames ?? null) : findDataset(dataset.id).classNames;
  const isPicture = images.shape[2] === 1 || images.shape[2] === 3;
  const size = images.shape.reduce((product, side) => product * side, 1);
  const most = Math.max(1, Math.min(MOST_PAIRS, Math.floor(MOST_VALUES / size)));
  const shown = isPicture ? images.pairs.slice(0, most) : [];
  const page = reportPage({
    result,
    flagTexts: await readFlagTexts(),
    classNames,
    pairs: shown.map((pair) => ({
      ...pair,
      clean: pngOf(pair.clean, images.shape),
      adversarial: pngOf(pair.adversarial, images.shape),
      ...changeOf(pair, images.shape),
    })),
    shape: images.shape,
    command: ['npm', 'run', '-s', 'parapet', '--', ...process.argv.slice(2)].map(quoted).join(' '),
  });
  await writeDurable(report, page);
}
