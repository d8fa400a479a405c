import { extname } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { ModelFormat } from '#core/submission-models.ts';
import { readModelFile } from './model-file.ts';
import { modelFileNames, type TemplateModel } from './submission-template.ts';

const formats: Readonly<Record<string, ModelFormat>> = {
  '.safetensors': 'safetensors',
  '.onnx': 'onnx',
  '.json': 'tfjs',
};

/** The format that a model file has by its name; null for what is none of ours. */
export function formatOf(path: string): ModelFormat | null {
  return formats[extname(path).toLowerCase()] ?? null;
}

/**
 * A model file on its way into a submission.
 * @param architecture that safetensors are weights of; null for any other
 * @returns how submission.yaml describes it, and its files under the names that they have there
 * @throws ParapetError 'usage' for a file that is not there or of no kind that is read; 'submission' for weights in another file
 */
export async function modelToSubmit(
  path: string,
  architecture: string | null,
): Promise<{ model: TemplateModel; files: Readonly<Record<string, Uint8Array>> }> {
  const read = await readModelFile(path, architecture);
  const { sha256, weightsSha256 } = read;
  const sent = read.sent();
  const describe = (format: ModelFormat): TemplateModel => ({
    format,
    architecture,
    digests: { sha256, weightsSha256: format === 'tfjs' ? weightsSha256 : null },
  });
  if ('architecture' in sent) {
    return { model: describe('safetensors'), files: { [modelFileNames.safetensors]: sent.weights } };
  }
  if ('tfjs' in sent)
    return { model: describe('tfjs'), files: { ...sent.tfjs.shards, [modelFileNames.tfjs]: sent.tfjs.json } };
  if (!('onnx' in sent) || sent.onnx.weights !== null) {
    throw new ParapetError(
      'submission',
      `${path}: its weights lie in a file beside it; a submission has them inside`,
      'export with the weights inside: torch.onnx.export(…, external_data=False), or onnx.save(onnx.load(path), path)',
    );
  }
  return { model: describe('onnx'), files: { [modelFileNames.onnx]: sent.onnx.bytes } };
}
