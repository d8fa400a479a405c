/** Cells of a side of the drawing pad: four to a pixel of the digit. */
export const PAD = 112;

/** Half the width of a stroke in cells; MNIST's strokes are about an eighth of a digit's height. */
const RADIUS = 5;
/** Over so many cells the edge of a stroke fades, so that the shrunk digit has grey levels like a scanned one. */
const EDGE = 1.5;

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Distance from a point to the segment from a to b. */
function distanceTo(a: Point, b: Point, x: number, y: number): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / length));
  return Math.hypot(x - a.x - t * dx, y - a.y - t * dy);
}

/**
 * Adds a stroke from a to b with a round pen; where ink already is, the darker stays.
 * @param ink [PAD × PAD] in [0, 1], changed in place
 */
export function drawStroke(ink: Float32Array, a: Point, b: Point): void {
  const reach = RADIUS + EDGE;
  const from = (p: number, q: number) => Math.max(0, Math.floor(Math.min(p, q) - reach));
  const to = (p: number, q: number) => Math.min(PAD - 1, Math.ceil(Math.max(p, q) + reach));
  for (let y = from(a.y, b.y); y <= to(a.y, b.y); y++) {
    for (let x = from(a.x, b.x); x <= to(a.x, b.x); x++) {
      const distance = distanceTo(a, b, x + 0.5, y + 0.5);
      const amount = Math.max(0, Math.min(1, (RADIUS + EDGE / 2 - distance) / EDGE));
      const at = y * PAD + x;
      ink[at] = Math.max(ink[at] as number, amount);
    }
  }
}
