/**
 * How far images are of many classes and each clearly of one: exp(mean over images of KL(p(y|x) ‖ p(y))), with p(y|x) a classifier's
 * probabilities and p(y) their mean; 1 at worst, the number of classes at best.
 *
 * Source: Salimans et al., "Improved Techniques for Training GANs", NIPS 2016, https://arxiv.org/abs/1606.03498, §4, whose classifier is
 * Inception.
 * @param probabilities [n × classes]
 */
export function classScore(probabilities: ArrayLike<number>, classes: number): number {
  const n = probabilities.length / classes;
  const mean = Array.from({ length: classes }, (_, c) => {
    let sum = 0;
    for (let row = 0; row < n; row++) sum += probabilities[row * classes + c] as number;
    return sum / n;
  });
  let divergence = 0;
  for (let row = 0; row < n; row++) {
    for (const [c, average] of mean.entries()) {
      const p = probabilities[row * classes + c] as number;
      if (p > 0) divergence += (p * Math.log(p / average)) / n;
    }
  }
  return Math.exp(divergence);
}
