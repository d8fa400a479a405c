import { SIDE } from './catalogue.ts';
import { greyColours } from './colours.ts';
import { normaliseDigit } from './digit.ts';
import { drawStroke, PAD, type Point } from './ink.ts';
import { paint } from './pictures.ts';

export interface Pad {
  /** Shows a finished digit, to be drawn on. @param pixels [784]; null for an empty pad */
  show(pixels: Float32Array | null): void;
  clear(): void;
}

/**
 * Drawing with a pen, a finger or a mouse.
 * @param drawn called after each stroke with the digit as MNIST would have it; null when nothing is drawn
 */
export function createPad(canvas: HTMLCanvasElement, drawn: (pixels: Float32Array | null) => void): Pad {
  let ink = new Float32Array(PAD * PAD);
  let last: Point | null = null;

  const repaint = () => paint(canvas, greyColours(ink));

  function pointOf(event: PointerEvent): Point {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * PAD, y: ((event.clientY - top) / height) * PAD };
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    last = pointOf(event);
    drawStroke(ink, last, last);
    repaint();
    event.preventDefault();
  });
  canvas.addEventListener('pointermove', (event) => {
    if (last === null) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) {
      const point = pointOf(each);
      drawStroke(ink, last, point);
      last = point;
    }
    repaint();
  });
  const lift = () => {
    if (last === null) return;
    last = null;
    drawn(normaliseDigit(ink, PAD));
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);

  repaint();
  return {
    show(pixels) {
      const cells = PAD / SIDE;
      ink = new Float32Array(PAD * PAD);
      if (pixels !== null) {
        for (let i = 0; i < ink.length; i++) {
          const row = Math.floor(Math.floor(i / PAD) / cells);
          ink[i] = pixels[row * SIDE + Math.floor((i % PAD) / cells)] as number;
        }
      }
      repaint();
    },
    clear() {
      ink = new Float32Array(PAD * PAD);
      repaint();
      drawn(null);
    },
  };
}
