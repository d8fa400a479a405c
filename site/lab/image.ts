import { type Catalogue, DRAWN_INDEX } from './catalogue.ts';
import { decodeDrawing } from './drawing.ts';
import { type LabState, labelOf } from './settings.ts';

/** The image that a state is about. */
export interface LabImage {
  /** Pixels [784] in [0, 1]. */
  readonly x: Float32Array;
  /** Its class; null for a drawn one whose class is the model's to say. */
  readonly label: number | null;
  /** Index in the test set: the key of its random draws. */
  readonly example: number;
}

export function imageOf(state: LabState, catalogue: Catalogue): LabImage {
  const label = labelOf(state, catalogue);
  const stored = catalogue.digits.find(({ index }) => index === state.digit);
  if (stored === undefined) return { x: decodeDrawing(state.drawing), label, example: DRAWN_INDEX };
  const x = Float32Array.from(atob(stored.pixels), (character) => character.charCodeAt(0) / 255);
  return { x, label, example: stored.index };
}
