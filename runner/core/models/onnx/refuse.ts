import { ParapetError } from '../../errors.ts';

/** Refuses an ONNX file: what is wrong with it, and the way out. */
export function refuse(what: string, hint = 'export the model anew; docs/onnx.md says how'): never {
  throw new ParapetError('submission', `ONNX: ${what}`, hint);
}
