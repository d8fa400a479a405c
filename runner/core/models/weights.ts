import { ParapetError } from '../errors.ts';
import type { Architecture } from './architecture.ts';
import { decodeSafetensors, type StoredTensor } from './safetensors.ts';

/** What has weights in a file. */
type Weighted = Pick<Architecture, 'id' | 'parameters' | 'nameOf'>;

/** A tensor of a file and the name that it has there. */
interface Named {
  readonly inFile: string;
  readonly tensor: StoredTensor;
}

/**
 * @param weights a safetensors file with exactly the architecture's parameters, F32, F16 or BF16, finite
 * @returns the weights by name, in the architecture's order
 * @throws ParapetError 'submission' that names every tensor that is missing, unknown or of the wrong shape
 */
export function decodeWeights(architecture: Weighted, weights: Uint8Array): Map<string, Float32Array> {
  const mistakes: string[] = [];
  const tensors = namedHere(architecture, decodeSafetensors(weights).tensors, mistakes);
  const values = new Map<string, Float32Array>();
  for (const { name, shape, statistic } of architecture.parameters) {
    const named = tensors.get(name);
    if (named === undefined) {
      mistakes.push(`'${name}' is missing`);
      continue;
    }
    const { inFile, tensor } = named;
    if (!(tensor.data instanceof Float32Array))
      mistakes.push(`'${inFile}' is ${tensor.dtype}; wanted F32, F16 or BF16`);
    else if (tensor.shape.join() !== shape.join())
      mistakes.push(`'${inFile}' has shape [${tensor.shape}]; wanted [${shape}]`);
    else if (!tensor.data.every(Number.isFinite)) mistakes.push(`'${inFile}' holds a number that is not finite`);
    else if (statistic === 'variance' && tensor.data.some((value) => value < 0))
      mistakes.push(`'${inFile}' holds a negative variance`);
    else values.set(name, tensor.data);
  }
  const known = new Set(architecture.parameters.map(({ name }) => name));
  for (const [name, { inFile }] of tensors) if (!known.has(name)) mistakes.push(`'${inFile}' is not a parameter`);
  if (mistakes.length > 0) {
    throw new ParapetError(
      'submission',
      `weights do not fit ${architecture.id}: ${mistakes.join('; ')}`,
      'check which architecture they are of, or export the weights under the names that docs/architectures.md lists',
    );
  }
  return values;
}

/** A file's tensors under the names that they have here, without those that no score depends on. */
function namedHere(
  { nameOf = (name) => name }: Weighted,
  tensors: ReadonlyMap<string, StoredTensor>,
  mistakes: string[],
): Map<string, Named> {
  const here = new Map<string, Named>();
  for (const [inFile, tensor] of tensors) {
    const name = nameOf(inFile);
    if (name === null) continue;
    const twin = here.get(name);
    if (twin !== undefined) mistakes.push(`'${twin.inFile}' and '${inFile}' are the same parameter`);
    here.set(name, { inFile, tensor });
  }
  return here;
}
