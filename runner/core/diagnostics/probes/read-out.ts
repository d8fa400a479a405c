/** A linear function of a model's logits that one point passes and many others do not. */
export interface ReadOut {
  /** [classes] */
  readonly weights: Float64Array;
  /** The value is weights · z + bias: −1 at the clean image, above 0 at the point, below 0 at all the others. */
  readonly bias: number;
  /** The value at the point. */
  readonly top: number;
}

/** Share of the mean variance that is added to each, so that logits which do not vary do no harm. */
const RIDGE = 1e-3;

/**
 * The direction in which a point stands out most from a cloud (Fisher's: the inverse covariance times the difference from the mean), with
 * its threshold half-way between the point and the outermost of the cloud.
 * @param clean logits of the clean image, [classes]
 * @param cloud logits of other points, [n × classes]
 * @param point logits of the point, [classes]
 * @returns null when the cloud reaches as far as the point does
 */
export function readOut(clean: Float32Array, cloud: Float32Array, point: Float32Array): ReadOut | null {
  const classes = clean.length;
  const { mean, covariance } = moments(cloud, classes);
  const difference = Float64Array.from(point, (value, c) => value - (mean[c] as number));
  const direction = solve(covariance, difference);
  if (direction === null) return null;
  const along = (z: Float32Array) =>
    direction.reduce((sum, w, c) => sum + w * ((z[c] as number) - (mean[c] as number)), 0);
  const own = along(clean);
  let outermost = own;
  for (let i = 0; i < cloud.length; i += classes)
    outermost = Math.max(outermost, along(cloud.subarray(i, i + classes)));
  const reached = along(point);
  const threshold = (outermost + reached) / 2;
  // Written so that a NaN is no read-out either.
  if (!(reached > outermost && threshold > own)) return null;
  const scale = 1 / (threshold - own);
  const offset = direction.reduce((sum, w, c) => sum + w * (mean[c] as number), 0);
  return {
    weights: direction.map((w) => scale * w),
    bias: -scale * (offset + threshold),
    top: scale * (reached - threshold),
  };
}

function moments(cloud: Float32Array, classes: number) {
  const n = cloud.length / classes;
  const mean = new Float64Array(classes);
  for (const [i, value] of cloud.entries()) mean[i % classes] = (mean[i % classes] as number) + value / n;
  const covariance = Array.from({ length: classes }, () => new Float64Array(classes));
  for (let row = 0; row < n; row++) {
    const at = (c: number) => (cloud[row * classes + c] as number) - (mean[c] as number);
    for (let a = 0; a < classes; a++)
      for (let b = 0; b < classes; b++) {
        const line = covariance[a] as Float64Array;
        line[b] = (line[b] as number) + (at(a) * at(b)) / n;
      }
  }
  const ridge = (RIDGE * covariance.reduce((sum, line, c) => sum + (line[c] as number), 0)) / classes;
  for (const [c, line] of covariance.entries()) line[c] = (line[c] as number) + ridge;
  return { mean, covariance };
}

/** Solves a symmetric positive system by elimination with pivots; null when it is singular. */
function solve(matrix: readonly Float64Array[], right: Float64Array): Float64Array | null {
  const rows: Float64Array[] = matrix.map((line, i) => Float64Array.of(...line, right[i] as number));
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    const size = (i: number) => Math.abs(rows[i]?.[k] ?? 0);
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (size(i) > size(pivot)) pivot = i;
    if (!(size(pivot) > 0)) return null;
    [rows[k], rows[pivot]] = [rows[pivot] as Float64Array, rows[k] as Float64Array];
    const head = rows[k] as Float64Array;
    for (let i = 0; i < n; i++) {
      const line = rows[i] as Float64Array;
      const factor = (line[k] as number) / (head[k] as number);
      if (i !== k && factor !== 0)
        for (let j = k; j <= n; j++) line[j] = (line[j] as number) - factor * (head[j] as number);
    }
  }
  return Float64Array.from(rows, (line, i) => (line[n] as number) / (line[i] as number));
}
