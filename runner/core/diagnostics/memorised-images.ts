import { proportion } from '../metrics/proportion.ts';
import type { Diagnostic } from './diagnostic.ts';

/** Share of unharmed copies that are wrong, beyond what the number of images leaves to chance: ours. */
const THRESHOLD = 0.2;

/** A model that knows the very images it is measured on is right on them, and on nothing beside them. */
export const memorisedImages: Diagnostic = ({ probes }) => {
  const { examples = 0, movedWrong = 0, noisyWrong = 0 } = probes['small-changes'] ?? {};
  const value = Math.max(movedWrong, noisyWrong);
  if (proportion(Math.round(value * examples), examples).low <= THRESHOLD || examples === 0) return null;
  return {
    id: 'memorised-images',
    level: 'warning',
    message:
      'Moved by a pixel, or with noise that no eye sees, the same images are often wrong: the model may know them by heart',
    value,
  };
};
