/** The message of a node's attribute. */
import { limits } from './limits.ts';
import { decodeTensor, type StoredOnnxTensor } from './message-tensor.ts';
import { refuse } from './refuse.ts';
import { bytesOf, floatOf, intOf, pushFloats, pushInts, readMessage, stringOf } from './wire.ts';

export type Attribute =
  | { readonly type: 'float' | 'int'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'floats' | 'ints'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'tensor'; readonly value: StoredOnnxTensor };

/** @param node names the attribute's node in an error */
export function decodeAttribute(message: Uint8Array, node: string): { name: string; value: Attribute } {
  let name = '';
  let type = 0;
  let [float, int, text] = [0, 0, ''];
  let tensor: Uint8Array | null = null;
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  const what = `an attribute of ${node}`;
  readMessage(message, what, (field, value) => {
    switch (field) {
      case 1:
        name = stringOf(value, `the name of ${what}`);
        break;
      case 2:
        float = floatOf(value, what);
        break;
      case 3:
        int = intOf(value, what);
        break;
      case 4:
        text = stringOf(value, what);
        break;
      case 5:
        tensor = bytesOf(value, what);
        break;
      case 7:
        pushFloats(value, what, floats);
        break;
      case 8:
        pushInts(value, what, ints);
        break;
      case 9:
        if (strings.length === limits.values) refuse(`${what} has over ${limits.values} texts`);
        strings.push(stringOf(value, what));
        break;
      case 20:
        type = intOf(value, what);
        break;
      case 6:
      case 11:
        return refuse(
          `${node} holds a graph of its own, as loops and branches do`,
          'export a model without control flow: torch.export or tracing unrolls it',
        );
      case 13: // doc_string
        break;
      default:
        refuse(`${what} has an unsupported field ${field}`);
    }
  });
  switch (type) {
    case 1:
      return { name, value: { type: 'float', value: float } };
    case 2:
      return { name, value: { type: 'int', value: int } };
    case 3:
      return { name, value: { type: 'string', value: text } };
    case 4:
      if (tensor === null) return refuse(`the attribute '${name}' of ${node} says it is a tensor and has none`);
      return { name, value: { type: 'tensor', value: decodeTensor(tensor, `the attribute '${name}' of ${node}`) } };
    case 6:
      return { name, value: { type: 'floats', value: floats } };
    case 7:
      return { name, value: { type: 'ints', value: ints } };
    case 8:
      return { name, value: { type: 'strings', value: strings } };
    default:
      return refuse(`the attribute '${name}' of ${node} has the unsupported type ${type}`);
  }
}
