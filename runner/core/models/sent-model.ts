/** A model as whoever computes is given it, a worker process or the browser: its bytes, and not where they lie. */
import type { NamedDefense } from '../defenses/index.ts';
import { ParapetError } from '../errors.ts';
import type { Model } from '../submission-models.ts';
import type { Classifier } from './classifier.ts';
import type { ReadExternal } from './onnx/tensor-data.ts';

export type SentModel = SentWeights | SentOnnx | SentTfjs | SentSubmission;

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

/** Whatever a submission is: its nets, what is done around them, and all of its files. */
export interface SentSubmission {
  readonly submission: {
    /** Of its data set: what each net must take, and how many scores it must give. */
    readonly form: Pick<Classifier, 'inputShape' | 'classes'>;
    readonly models: readonly Model[];
    readonly defenses: readonly NamedDefense[];
    /** By name. */
    readonly files: Readonly<Record<string, Uint8Array>>;
  };
}

/** The same model without the references that it would be compared with, where that has been done or is another's to do. */
export function withoutReferences(sent: SentModel): SentModel {
  if (!('submission' in sent)) return sent;
  const models = sent.submission.models.map(({ reference: _, ...model }) => model);
  return { submission: { ...sent.submission, models } };
}

/**
 * This is where the bytes of a model are read for the first time: in a worker, within the sandbox. What a format needs is loaded when
 * a model is of it, so that a page that has none does not fetch it.
 * @throws ParapetError 'submission' that says what is wrong with it
 */
export async function openSent(sent: SentModel): Promise<Classifier> {
  if ('submission' in sent) {
    const { openSubmission } = await import('./open-submission.ts');
    return openSubmission(sent.submission);
  }
  if ('architecture' in sent) {
    const { loadClassifier } = await import('./index.ts');
    return loadClassifier(sent.architecture, sent.weights);
  }
  if ('tfjs' in sent) {
    const { loadTfjs } = await import('./tfjs.ts');
    return loadTfjs(sent.tfjs.json, new Map(Object.entries(sent.tfjs.shards)));
  }
  const { loadOnnx } = await import('./onnx/classifier.ts');
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
