import { escaped } from './html.ts';

/** Robust accuracy at a radius. */
interface Point {
  readonly epsilon: number;
  readonly robustAccuracy: number;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [400, 230, 50, 42, 12, 20];

/**
 * Robust accuracy over the radius, in steps: each is where the nearest adversarial image of an example was found.
 * @param points ascending
 * @param epsilon the radius that was attacked at, marked by a line
 * @returns an SVG, without its data in words: a table goes with it
 */
export function curveSvg(points: readonly Point[], epsilon: number, unit: string): string {
  const most = Math.max(epsilon * 1.1, points.at(-1)?.epsilon ?? 0);
  const x = (value: number) => LEFT + ((WIDTH - LEFT - RIGHT) * value) / most;
  const y = (share: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
  const at = (horizontal: number, vertical: number) => `${horizontal.toFixed(1)} ${vertical.toFixed(1)}`;
  let before = y(1);
  const path = points.map(({ epsilon: radius, robustAccuracy }, i) => {
    const [to, level] = [x(radius), y(robustAccuracy)];
    const step = i === 0 ? `M${at(to, level)}` : `L${at(to, before)}L${at(to, level)}`;
    before = level;
    return step;
  });
  const shares = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}"/>` +
      `<text x="${LEFT - 8}" y="${y(share) + 4}" text-anchor="end">${100 * share} %</text>`,
  );
  const radii = Array.from({ length: 5 }, (_, i) => (most * i) / 4).map(
    (radius) =>
      `<text x="${x(radius).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${Number(radius.toPrecision(2))}</text>`,
  );
  return (
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Robust accuracy falls as the radius grows; the table below has the numbers.">` +
    `${shares.join('')}${radii.join('')}<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escaped(unit)}</text>` +
    `<line class="radius" x1="${x(epsilon).toFixed(1)}" x2="${x(epsilon).toFixed(1)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>` +
    `<path class="curve" d="${path.join('')}"/></svg>`
  );
}
