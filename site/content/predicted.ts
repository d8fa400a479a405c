import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#core/digest.ts';
import { classify } from '#core/evaluation/perform.ts';
import { predictions } from '#core/metrics/judge.ts';
import { loadClassifier } from '#core/models/index.ts';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { isCurrent } from './current.ts';
import { submissionsFolder } from './folders.ts';
import type { Illustration } from './illustrations.ts';

/**
 * Fills in what the model says of adversarial images where the evidence does not, by asking the model: the committed
 * weights, on tfjs' plain backend. A submission without weights of its own, or edited since, leaves it open, and so does an
 * image whose verdict this backend does not share.
 */
export async function withPredictions(
  illustrations: readonly Illustration[],
  result: Result,
  submission: Submission,
): Promise<Illustration[]> {
  const { id, model, defenses } = submission;
  const open = illustrations.filter(({ predicted }) => predicted === null);
  // What a wrapper around the net would say is for the runner to know.
  const canAsk = model.file !== undefined && defenses.length === 0 && isCurrent(result, submission);
  if (open.length === 0 || !canAsk) return [...illustrations];
  const weights = new Uint8Array(await readFile(join(submissionsFolder, id, model.file ?? '')));
  if (sha256(weights) !== model.sha256)
    throw new Error(`submissions/${id}: ${model.file} has not the declared SHA-256`);
  const classifier = loadClassifier(model.architecture, weights);
  const size = open[0]?.xAdv.length ?? 0;
  const x = new Float32Array(open.length * size);
  open.forEach(({ xAdv }, i) => {
    x.set(xAdv, i * size);
  });
  const classes = predictions(await classify(classifier, x), classifier.classes);
  classifier.dispose();
  return illustrations.map((illustration) => {
    const predicted = classes[open.indexOf(illustration)] ?? illustration.predicted;
    return { ...illustration, predicted: predicted === illustration.label ? null : predicted };
  });
}
