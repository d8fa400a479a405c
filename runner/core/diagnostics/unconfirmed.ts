import type { Diagnostic } from './diagnostic.ts';

/** Successes at the edge of a decision may not survive another backend's rounding; they are not counted. */
export const unconfirmed: Diagnostic = ({ unconfirmed: value }) => {
  if (value === 0) return null;
  const images = value === 1 ? 'One success was' : `${value} successes were`;
  return {
    id: 'unconfirmed',
    level: 'info',
    message: `${images} not confirmed by an independent backend, and not counted`,
    value,
  };
};
