/** A rotation about the middle of the image, then a shift; black comes in from outside. */
export interface RigidMotion {
  /** Counter-clockwise, in degrees. */
  readonly degrees: number;
  /** Pixels to the right. */
  readonly right: number;
  /** Pixels down. */
  readonly down: number;
}

export type ImageShape = readonly [height: number, width: number, channels: number];

/**
 * Moves an image, by linear interpolation between the four pixels around each point that a pixel comes from. Computed in float64, so every backend gets the
 * same images.
 * @param image [height × width × channels]
 * @param into receives the moved image; every value is written
 */
export function moveImage(
  image: Float32Array,
  [height, width, channels]: ImageShape,
  { degrees, right, down }: RigidMotion,
  into: Float32Array,
): void {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  const at = (row: number, column: number, channel: number) =>
    row < 0 || row >= height || column < 0 || column >= width
      ? 0
      : (image[(row * width + column) * channels + channel] as number);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const v = row - middleRow - down;
      const u = column - middleColumn - right;
      // Rows count downwards: turning back by the angle is this way round.
      const fromRow = snapped(middleRow + sin * u + cos * v);
      const fromColumn = snapped(middleColumn + cos * u - sin * v);
      const top = Math.floor(fromRow);
      const left = Math.floor(fromColumn);
      const [y, x] = [fromRow - top, fromColumn - left];
      for (let channel = 0; channel < channels; channel++) {
        into[(row * width + column) * channels + channel] =
          (1 - y) * ((1 - x) * at(top, left, channel) + x * at(top, left + 1, channel)) +
          y * ((1 - x) * at(top + 1, left, channel) + x * at(top + 1, left + 1, channel));
      }
    }
  }
}

/** A whole number where rounding has only just missed it, so that quarter turns and whole shifts move pixels as they are. */
function snapped(position: number): number {
  const nearest = Math.round(position);
  return Math.abs(position - nearest) < 1e-9 ? nearest : position;
}
