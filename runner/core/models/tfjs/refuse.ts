import { ParapetError } from '../../errors.ts';

/** Refuses a TensorFlow.js model: what is wrong with it, and the way out. */
export function refuse(what: string, hint = 'save the model anew with TensorFlow.js 4, or export it to ONNX'): never {
  throw new ParapetError('submission', `tfjs model: ${what}`, hint);
}

/** A name from the file, as it may stand in a message: without control characters, and short. */
export function shown(name: string): string {
  const text = JSON.stringify(name).slice(1, -1);
  return text.length > 80 ? `'${text.slice(0, 80)}…'` : `'${text}'`;
}
