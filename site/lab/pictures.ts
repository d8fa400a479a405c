/**
 * Shows colours on a canvas of one pixel per value; CSS magnifies it without smoothing.
 * @param colours four bytes a pixel of a square image
 */
export function paint(canvas: HTMLCanvasElement, colours: Uint8ClampedArray<ArrayBuffer>): void {
  const side = Math.sqrt(colours.length / 4);
  canvas.width = side;
  canvas.height = side;
  canvas.getContext('2d')?.putImageData(new ImageData(colours, side, side), 0, 0);
}
