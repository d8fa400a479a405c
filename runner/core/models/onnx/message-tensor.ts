/** The message of a tensor: its shape and where its values are. */
import { limits } from './limits.ts';
import { refuse } from './refuse.ts';
import { bytesOf, intOf, pushFloats, pushInts, readMessage, stringOf, type WireValue } from './wire.ts';

/** A tensor as it is stored; `tensor-data.ts` reads its values. */
export interface StoredOnnxTensor {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly raw: Uint8Array | null;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly doubles: Uint8Array | null;
  readonly strings: readonly string[];
  readonly external: External | null;
}

/** Where in another file the values of a tensor are. */
export interface External {
  readonly location: string;
  readonly offset: number;
  /** null: to the end of the file. */
  readonly length: number | null;
}

/** @param what names the tensor in an error */
export function decodeTensor(message: Uint8Array, what: string): StoredOnnxTensor {
  const dims: number[] = [];
  const floats: number[] = [];
  const ints: number[] = [];
  const strings: string[] = [];
  const doubles: Uint8Array[] = [];
  const external = new Map<string, string>();
  let [name, dataType, location] = ['', 0, 0];
  let raw: Uint8Array | null = null;
  readMessage(message, what, (field, value) => {
    switch (field) {
      case 1:
        pushInts(value, `dims of ${what}`, dims);
        break;
      case 2:
        dataType = intOf(value, `data_type of ${what}`);
        break;
      case 3:
        return refuse(`${what} is a segment of a tensor`);
      case 4:
        pushFloats(value, what, floats);
        break;
      case 5: // int32_data
      case 7: // int64_data
      case 11: // uint64_data
        pushInts(value, what, ints);
        break;
      case 6:
        if (strings.length === limits.values) refuse(`${what} has over ${limits.values} texts`);
        strings.push(stringOf(value, what));
        break;
      case 8:
        name = stringOf(value, `the name of ${what}`);
        break;
      case 9:
        raw = bytesOf(value, what);
        break;
      case 10:
        doubles.push(fixed64sOf(value, what));
        break;
      case 13: {
        const [key, text] = decodeEntry(bytesOf(value, what), what);
        external.set(key, text);
        break;
      }
      case 14:
        location = intOf(value, what);
        break;
      case 12: // doc_string
      case 16: // metadata_props
        break;
      default:
        refuse(`${what} has an unknown field ${field}`);
    }
  });
  if (doubles.length > 1) refuse(`${what} stores its doubles one by one`, 'store them packed, or as raw_data');
  return {
    name,
    dataType,
    dims,
    raw,
    floats,
    ints,
    strings,
    doubles: doubles[0] ?? null,
    external: location === 0 ? null : externalOf(external, name),
  };
}

function fixed64sOf(value: WireValue, what: string): Uint8Array {
  return value.type === 'fixed64' ? value.bytes : bytesOf(value, what);
}

function decodeEntry(message: Uint8Array, what: string): [key: string, value: string] {
  let [key, text] = ['', ''];
  readMessage(message, what, (field, value) => {
    if (field === 1) key = stringOf(value, what);
    else if (field === 2) text = stringOf(value, what);
    else refuse(`${what} has an unknown field ${field}`);
  });
  return [key, text];
}

function externalOf(entries: ReadonlyMap<string, string>, name: string): External {
  const whole = (key: string, missing: number | null) => {
    const text = entries.get(key);
    if (text === undefined) return missing;
    if (!/^\d{1,15}$/.test(text))
      return refuse(`external_data.${key} of '${name}' is '${text}'; wanted a whole number`);
    return Number(text);
  };
  return {
    location: entries.get('location') ?? '',
    offset: whole('offset', 0) as number,
    length: whole('length', null),
  };
}
