/** What was done to an image, pixel by pixel. */
export interface Change {
  readonly raised: number;
  readonly lowered: number;
  /** Largest change upwards and downwards, both ≥ 0. */
  readonly up: number;
  readonly down: number;
  /** Of the changed pixels, those that move by less than a 255th: no picture of eight bits shows it. */
  readonly slight: number;
}

const GREY_LEVEL = 1 / 255;

/**
 * @param x original pixels
 * @param xAdv adversarial pixels, as many
 */
export function measureChange(x: Float32Array, xAdv: Float32Array): Change {
  let raised = 0;
  let lowered = 0;
  let up = 0;
  let down = 0;
  let slight = 0;
  for (let i = 0; i < x.length; i++) {
    const delta = (xAdv[i] as number) - (x[i] as number);
    if (delta > 0) raised++;
    else if (delta < 0) lowered++;
    if (delta !== 0 && Math.abs(delta) < GREY_LEVEL) slight++;
    up = Math.max(up, delta);
    down = Math.max(down, -delta);
  }
  return { raised, lowered, up, down, slight };
}

/**
 * Probabilities of logits, in float64 so that a confident net's small ones do not vanish.
 * @returns one per logit; NaN throughout when a logit is not finite
 */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
