import type { Diagnostic } from './diagnostic.ts';

/**
 * A single step that breaks more than many steps do points to gradients that mislead.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, §3.
 */
export const oneStepBeatsIterative: Diagnostic = ({ suite: { lines }, numbers }) => {
  const accuracies = (attack: string) =>
    numbers.lines.filter((_, i) => lines[i]?.attack === attack).map((line) => line.robustAccuracy.value);
  const oneStep = Math.min(...accuracies('fgsm'));
  const iterative = Math.min(...accuracies('pgd'));
  if (!(oneStep < iterative) || iterative === Number.POSITIVE_INFINITY) return null;
  return {
    id: 'one-step-beats-iterative',
    level: 'warning',
    message: 'FGSM breaks more examples than PGD does: the gradients mislead',
    value: iterative - oneStep,
  };
};
