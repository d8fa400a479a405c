/**
 * The parts of a TensorFlow.js model that both kinds share: model.json, its list of weights, and the shards that hold their bytes.
 *
 * No path of the file is ever opened: shards come as bytes, under the names that the file has for them. Every size is checked before
 * anything is allocated, and the shards must hold the weights' bytes and not one more.
 */
import { z } from 'zod';
import { parseStrictJson } from '../strict-json.ts';
import { refuse, shown } from './refuse.ts';

const limits = { jsonBytes: 2 ** 24, files: 1000, weights: 10_000, weightBytes: 2 ** 30, rank: 6 } as const;

const bytesOf = { float32: 4, int32: 4, bool: 1 } as const;

const weightSchema = z.strictObject({
  name: z.string().min(1).max(500),
  shape: z.array(z.int().min(0)).max(limits.rank),
  dtype: z.enum(['float32', 'int32', 'bool']),
});

const fileSchema = z.strictObject({
  format: z.enum(['layers-model', 'graph-model'], "wanted 'layers-model' or 'graph-model'"),
  modelTopology: z.looseObject({}, 'is missing, or no object'),
  weightsManifest: z
    .array(
      z.strictObject({ paths: z.array(z.string()).max(10_000), weights: z.array(weightSchema).max(limits.weights) }),
      'is missing, or no list',
    )
    .max(1000),
  generatedBy: z.string().nullish(),
  convertedBy: z.string().nullish(),
  // What a model was trained with, and what its author wrote about it, decides no score.
  trainingConfig: z.unknown().optional(),
  userDefinedMetadata: z.unknown().optional(),
  signature: z.unknown().optional(),
});

export type Shards = ReadonlyMap<string, Uint8Array>;

/** A weight as the file lists it, with its bytes. */
export interface StoredWeight {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly bytes: Uint8Array;
}

export interface TfjsFile {
  readonly topology: Readonly<Record<string, unknown>>;
  readonly weights: ReadonlyMap<string, StoredWeight>;
}

type Format = 'layers-model' | 'graph-model';

function parse(json: Uint8Array): z.infer<typeof fileSchema> & { readonly files: ReadonlySet<string> } {
  if (json.byteLength > limits.jsonBytes) {
    refuse(`model.json has ${json.byteLength} bytes; the limit is ${limits.jsonBytes}`);
  }
  const parsed = fileSchema.safeParse(parseStrictJson(json, (what) => refuse(`model.json ${what}`)));
  if (!parsed.success) return refuse(`model.json: ${describe(parsed.error)}`);
  const files = new Set<string>();
  for (const path of parsed.data.weightsManifest.flatMap(({ paths }) => paths)) {
    if (!/^[A-Za-z0-9][\w.-]{0,199}$/.test(path)) refuse(`the weight file ${shown(path)} is no plain file name`);
    if (files.has(path)) refuse(`the weight file ${shown(path)} is listed twice`);
    files.add(path);
  }
  if (files.size > limits.files) refuse(`it has ${files.size} weight files; the limit is ${limits.files}`);
  return { ...parsed.data, files };
}

/**
 * @param json a whole model.json
 * @returns which kind of model it is, and the names of the weight files that lie beside it
 * @throws ParapetError 'submission' where it is no model.json, or names files elsewhere
 */
export function listingOf(json: Uint8Array): { readonly format: Format; readonly files: readonly string[] } {
  const { format, files } = parse(json);
  return { format, files: [...files] };
}

/**
 * @param json a whole model.json
 * @param shards the bytes of its weight files, under the names that it lists
 * @throws ParapetError 'submission' that says what is wrong
 */
export function decodeTfjs(json: Uint8Array, shards: Shards, format: Format): TfjsFile {
  const file = parse(json);
  if (file.format !== format) return refuse(`model.json says it is a ${file.format}; wanted a ${format}`);
  for (const name of shards.keys()) if (!file.files.has(name)) refuse(`the weight file ${shown(name)} is not listed`);
  const weights = new Map<string, StoredWeight>();
  for (const { paths, weights: specs } of file.weightsManifest) {
    for (const { name } of specs) {
      if (weights.has(name)) refuse(`the weight ${shown(name)} is listed twice`);
      weights.set(name, { shape: [], dtype: 'bool', bytes: new Uint8Array(0) });
    }
    const bytes = shardsOf(paths, shards);
    let position = 0;
    for (const { name, shape, dtype } of specs) {
      const size = shape.reduce((product, side) => product * side, 1) * bytesOf[dtype];
      if (!(size <= limits.weightBytes)) refuse(`the weight ${shown(name)} is [${shape}]; that is too large`);
      if (position + size > bytes.byteLength) {
        refuse(
          `its weight files end within ${shown(name)}: ${bytes.byteLength} bytes, and ${position + size} are needed`,
        );
      }
      weights.set(name, { shape, dtype, bytes: bytes.subarray(position, position + size) });
      position += size;
    }
    if (position !== bytes.byteLength) {
      refuse(`its weight files hold ${bytes.byteLength} bytes, and its weights account for ${position}`);
    }
  }
  for (const [name, weight] of weights)
    if (!hasFiniteNumbers(weight)) refuse(`the weight ${shown(name)} holds a number that is not finite`);
  return { topology: file.modelTopology, weights };
}

/** The bytes of a group of weights, one file after the other. */
function shardsOf(paths: readonly string[], shards: Shards): Uint8Array {
  let total = 0;
  for (const path of paths) {
    total += shards.get(path)?.byteLength ?? refuse(`the weight file ${shown(path)} is missing`);
  }
  if (total > limits.weightBytes) refuse(`its weight files have ${total} bytes; the limit is ${limits.weightBytes}`);
  return joined(paths.map((path) => shards.get(path) as Uint8Array));
}

/** Bytes one part after the other, in memory of their own. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.byteLength;
  }
  return whole;
}

/** Numbers of a weight, aligned as their type wants it. */
export function numbersOf({ dtype, bytes }: StoredWeight): Float32Array | Int32Array | Uint8Array {
  const copy = bytes.slice();
  if (dtype === 'float32') return new Float32Array(copy.buffer, copy.byteOffset, copy.byteLength / 4);
  return dtype === 'int32' ? new Int32Array(copy.buffer, copy.byteOffset, copy.byteLength / 4) : copy;
}

function hasFiniteNumbers(weight: StoredWeight): boolean {
  return weight.dtype !== 'float32' || (numbersOf(weight) as Float32Array).every(Number.isFinite);
}

/** The first few mistakes that a schema found: where, and what. */
export function describe(error: z.ZodError): string {
  const lines = error.issues.slice(0, 3).map(({ path, message }) => {
    const place = path.map(String).join('.').slice(0, 200);
    return place === '' ? message : `${place}: ${message}`;
  });
  return lines.join('; ').replace(/\p{Cc}/gu, '?');
}
