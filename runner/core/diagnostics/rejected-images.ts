import type { Diagnostic } from './diagnostic.ts';

/** Pixels that are NaN or infinite are an attack's fault, never a success. */
export const rejectedImages: Diagnostic = ({ lines }) => {
  const value = lines.reduce((sum, line) => sum + line.rejected, 0);
  if (value === 0) return null;
  return {
    id: 'rejected-images',
    level: 'warning',
    message: `Attacks returned ${value} images that are not finite; the clean images took their place`,
    value,
  };
};
