/** How submission.yaml names a net: the format of its file, the file, and what has to be known to ask it. */
import { z } from 'zod';

/** A file that lies beside submission.yaml. */
export const fileName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'wanted the name of a file beside submission.yaml, without folders')
  .refine((name) => name.toLowerCase() !== 'submission.yaml', 'is the description itself; wanted another file');

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'wanted 64 digits of 0-9 and a-f, as sha256sum prints them');

const MOST_CHANNELS = 4;

const preprocessingSchema = z
  .strictObject({
    mean: z.array(z.number()).min(1).max(MOST_CHANNELS).describe('Subtracted from each channel of images in [0, 1]'),
    std: z.array(z.number().positive()).min(1).max(MOST_CHANNELS).describe('What each channel is then divided by'),
  })
  .describe('What is done to an image before it reaches the net; only where the file does not do it itself');

const referenceSchema = z
  .strictObject({ file: fileName, sha256 })
  .describe('Safetensors with 16 images x in [0, 1] and the scores that the authors have for them, to compare with');

/** What every format may say besides its files. */
const common = {
  output: z
    .enum(['logits', 'probabilities'])
    .default('logits')
    .describe('What the file gives: scores before a softmax, or after it'),
  preprocessing: preprocessingSchema.optional(),
  reference: referenceSchema.optional(),
};

const safetensorsSchema = z
  .strictObject({
    format: z.literal('safetensors'),
    architecture: z.string().describe('An id of docs/architectures.md'),
    file: fileName.optional().describe('The weights; a submission without them needs a recipe'),
    sha256: sha256.optional().describe('SHA-256 of the file, as sha256sum prints it'),
    ...common,
  })
  .refine(({ file, sha256 }) => file === undefined || sha256 !== undefined, {
    path: ['sha256'],
    error: 'is missing; wanted the SHA-256 of model.file, as sha256sum prints it',
  })
  .refine(({ file, sha256 }) => sha256 === undefined || file !== undefined, {
    path: ['file'],
    error: 'is missing; wanted the name of the file that model.sha256 belongs to',
  });

const onnxSchema = z.strictObject({
  format: z.literal('onnx'),
  file: fileName.describe('The graph with its weights inside'),
  sha256: sha256.describe('SHA-256 of the file, as sha256sum prints it'),
  ...common,
});

const tfjsSchema = z.strictObject({
  format: z.literal('tfjs'),
  file: fileName.regex(/\.json$/, 'wanted model.json, or another name that ends in .json').describe('model.json'),
  sha256: sha256.describe('SHA-256 of model.json, as sha256sum prints it'),
  weightsSha256: sha256.describe('SHA-256 of the weight files that model.json lists, one after the other in its order'),
  ...common,
});

export const modelSchema = z.discriminatedUnion('format', [safetensorsSchema, onnxSchema, tfjsSchema]);

export type Model = z.infer<typeof modelSchema>;
export type Preprocessing = z.infer<typeof preprocessingSchema>;
export type ModelFormat = Model['format'];

export const modelFormats: readonly ModelFormat[] = ['safetensors', 'onnx', 'tfjs'];
