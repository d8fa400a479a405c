/** A model as a worker process is given it: its bytes, and not where they lie. */
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { loadClassifier } from '#core/models/index.ts';
import { loadOnnx } from '#core/models/onnx/classifier.ts';
import type { ReadExternal } from '#core/models/onnx/tensor-data.ts';
import { loadTfjs } from '#core/models/tfjs.ts';

export type SentModel = SentWeights | SentOnnx | SentTfjs;

/** Safetensors of an architecture of ours. */
export interface SentWeights {
  readonly architecture: string;
  readonly weights: Uint8Array;
}

export interface SentOnnx {
  readonly onnx: {
    readonly name: string;
    readonly bytes: Uint8Array;
    /** The file of weights beside it; null where there is none. */
    readonly weights: Uint8Array | null;
    /** [height, width, channels] of the images there are; null where the model decides. */
    readonly inputShape: Classifier['inputShape'] | null;
  };
}

export interface SentTfjs {
  readonly tfjs: { readonly json: Uint8Array; readonly shards: Readonly<Record<string, Uint8Array>> };
}

/**
 * This is where the bytes of a model are read for the first time, within the sandbox.
 * @throws ParapetError 'submission' that says what is wrong with it
 */
export async function openSent(sent: SentModel): Promise<Classifier> {
  if ('architecture' in sent) return loadClassifier(sent.architecture, sent.weights);
  if ('tfjs' in sent) return loadTfjs(sent.tfjs.json, new Map(Object.entries(sent.tfjs.shards)));
  const { name, bytes, weights, inputShape } = sent.onnx;
  return loadOnnx(bytes, { ...(inputShape && { inputShape }), readExternal: readerOf(name, weights) });
}

/** Reads what tensors say lies in the file of weights, and in no other. */
function readerOf(name: string, weights: Uint8Array | null): ReadExternal {
  const sibling = `${name}.data`;
  return ({ location, offset, length }) => {
    if (location !== sibling) {
      throw new ParapetError(
        'submission',
        `${name}: its weights lie in '${location}'; of the files beside it only ${sibling} is read`,
        'keep the names that both files were exported under, or put the weights inside: onnx.save(onnx.load(path), path)',
      );
    }
    if (weights === null) {
      throw new ParapetError(
        'submission',
        `${name}: its weights lie in ${sibling}, which is not beside it`,
        'put that file there too, or export with the weights inside: torch.onnx.export(…, external_data=False)',
      );
    }
    const end = offset + (length ?? weights.length - offset);
    if (end < offset || end > weights.length) {
      throw new ParapetError(
        'submission',
        `${sibling} has ${weights.length} bytes; a tensor wants those from ${offset} to ${end}`,
        'the file is cut short or belongs to another model; export both anew',
      );
    }
    return weights.subarray(offset, end);
  };
}
