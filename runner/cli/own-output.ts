import { findDataset } from '#core/datasets/index.ts';
import { writeDurable } from '../files/durable.ts';
import { readFlagTexts } from '../files/flag-texts.ts';
import type { OwnImages } from '../files/own-output.ts';
import { checkAdversarialPath, writeAdversarial } from '../files/own-output.ts';
import { pngOf } from '../files/png.ts';
import type { OwnEvaluated } from '../shards/evaluate-own.ts';
import { quoted } from './quoted.ts';
import { reportPage } from './report/page.ts';

export interface OutputOptions {
  readonly report?: string;
  readonly adversarial?: string;
}

/** Pictures in a report. */
const MOST_PAIRS = 24;

/** @throws ParapetError 'usage' for what cannot be written, before anything is computed */
export function checkOutputs({ adversarial }: OutputOptions): void {
  if (adversarial !== undefined) checkAdversarialPath(adversarial);
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
  const shown = isPicture ? images.pairs.slice(0, MOST_PAIRS) : [];
  const page = reportPage({
    result,
    flagTexts: await readFlagTexts(),
    classNames,
    pairs: shown.map((pair) => ({
      ...pair,
      clean: pngOf(pair.clean, images.shape),
      adversarial: pngOf(pair.adversarial, images.shape),
    })),
    isPicture,
    command: ['npm', 'run', '-s', 'parapet', '--', ...process.argv.slice(2)].map(quoted).join(' '),
  });
  await writeDurable(report, page);
}
