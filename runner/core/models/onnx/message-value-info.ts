/** The message that declares an input or an output. */
import { limits } from './limits.ts';
import { refuse } from './refuse.ts';
import { bytesOf, intOf, readMessage, stringOf } from './wire.ts';

/** An input or output of the graph; `null` stands for a length that is not fixed, no `dims` for a shape that is not declared. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly elementType: number;
  readonly dims: readonly (number | null)[] | null;
}

export function decodeValueInfo(message: Uint8Array): OnnxValueInfo {
  let name = '';
  let elementType = 0;
  let dims: (number | null)[] | null = null;
  readMessage(message, 'an input or output', (field, value) => {
    if (field === 1) name = stringOf(value, 'the name of an input or output');
    else if (field === 2) {
      readMessage(bytesOf(value, `the type of '${name}'`), `the type of '${name}'`, (kind, type) => {
        if (kind !== 1) return; // A sequence or a map, as scikit-learn's exporter declares for outputs that nobody asks for.
        readMessage(bytesOf(type, 'a tensor type'), `the type of '${name}'`, (part, content) => {
          if (part === 1) elementType = intOf(content, 'elem_type');
          else if (part === 2) dims = decodeShape(bytesOf(content, 'shape'), name);
        });
      });
    } else if (field !== 3 && field !== 4) refuse(`'${name}' has an unknown field ${field}`);
  });
  return { name, elementType, dims };
}

function decodeShape(message: Uint8Array, name: string): (number | null)[] {
  const dims: (number | null)[] = [];
  readMessage(message, `the shape of '${name}'`, (field, value) => {
    if (field !== 1) return refuse(`the shape of '${name}' has an unknown field ${field}`);
    if (dims.length === limits.rank) refuse(`'${name}' has over ${limits.rank} dimensions`);
    let length: number | null = null;
    readMessage(bytesOf(value, 'a dimension'), `a dimension of '${name}'`, (part, content) => {
      if (part === 1) length = intOf(content, `a dimension of '${name}'`);
    });
    // Some exporters write 0 or −1 for a length that is not fixed.
    dims.push(length !== null && length > 0 ? length : null);
  });
  return dims;
}
