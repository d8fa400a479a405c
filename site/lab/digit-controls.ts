/** The choice of an image: a stored digit, or one that is drawn. */
import { part } from './dom.ts';
import { decodeDrawing, encodeDrawing } from './drawing.ts';
import { createPad } from './pad.ts';
import type { LabState } from './settings.ts';

/**
 * @param change takes what a visitor sets
 * @returns shows a state
 */
export function bindDigitControls(change: (change: Partial<LabState>) => void): (state: LabState) => void {
  const digits = part('digits');
  const label = part<HTMLSelectElement>('label');
  let drawing = '';

  const pad = createPad(part<HTMLCanvasElement>('pad-canvas'), (pixels) => {
    drawing = pixels === null ? '' : encodeDrawing(pixels);
    if (pixels !== null) change({ drawing, digit: 'drawn' });
  });
  part('pad-clear').addEventListener('click', pad.clear);
  label.addEventListener('change', () => change({ label: label.value === 'auto' ? 'auto' : Number(label.value) }));

  const showPad = (visible: boolean) => {
    part('pad').hidden = !visible;
  };
  digits.addEventListener('change', ({ target }) => {
    const { name, value } = target as HTMLInputElement;
    if (name !== 'digit') return;
    if (value !== 'drawn') change({ digit: Number(value) });
    else if (drawing !== '') change({ digit: 'drawn', drawing });
    else showPad(true);
  });

  return (state) => {
    for (const radio of digits.querySelectorAll<HTMLInputElement>('input[name="digit"]')) {
      radio.checked = radio.value === String(state.digit);
    }
    label.value = String(state.label);
    showPad(state.digit === 'drawn');
    if (state.drawing !== drawing && state.drawing !== '') {
      drawing = state.drawing;
      pad.show(decodeDrawing(drawing));
    }
  };
}
