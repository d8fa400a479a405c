import { classify } from '#core/evaluation/perform.ts';
import { predictions } from '#core/metrics/judge.ts';
import { openSent } from '#core/models/sent-model.ts';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { isCurrent } from './current.ts';
import type { Illustration } from './illustrations.ts';
import { readNets } from './submission-files.ts';

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
  const open = illustrations.filter(({ predicted }) => predicted === null);
  // One that draws takes many passes for each answer, too long for a build.
  if (open.length === 0 || submission.randomised || !isCurrent(result, submission)) return [...illustrations];
  const nets = await readNets(submission);
  if (nets === null) return [...illustrations];
  const classifier = await openSent(nets);
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
