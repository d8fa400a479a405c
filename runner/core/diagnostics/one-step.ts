import type { Diagnostic } from './diagnostic.ts';

const ONE_STEP: readonly string[] = ['fgsm', 'r-fgsm'];
const ITERATIVE: readonly string[] = ['bim', 'mi-fgsm', 'pgd', 'apgd', 'apgd-t'];

/**
 * A single step that breaks more than many steps do points to gradients that mislead. Each is taken at its best.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, §3.
 */
export const oneStepBeatsIterative: Diagnostic = ({ suite: { lines }, numbers }) => {
  const best = (attacks: readonly string[]) => {
    const own = lines.flatMap(({ attack, examples }, i) =>
      attacks.includes(attack) && examples === undefined ? [numbers.lines[i]?.robustAccuracy.value ?? 1] : [],
    );
    return Math.min(...own);
  };
  const oneStep = best(ONE_STEP);
  const iterative = best(ITERATIVE);
  if (!(oneStep < iterative) || iterative === Number.POSITIVE_INFINITY) return null;
  return {
    id: 'one-step-beats-iterative',
    level: 'warning',
    message: 'One step of the gradient breaks more examples than many do: the gradients mislead',
    value: iterative - oneStep,
  };
};
