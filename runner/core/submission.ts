/**
 * What a submission declares about itself in submission.yaml. Data only; nothing in a submission is executed.
 *
 * Every text ends up on a page and in a terminal, so none may hold characters that steer either.
 */
import { z } from 'zod';
import { MOST_SEED } from './random.ts';
import { fileName, type Model, modelSchema, sha256 } from './submission-models.ts';

const datasetIds = ['mnist', 'fashion-mnist', 'cifar10'] as const;

/** Names that some disk or some route of the site keeps for itself. */
const reserved = /^(aux|con|nul|prn|index|new)$/i;

/** Control characters, and those that turn the direction of text around or take no room. */
const steering = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

export const idSchema = z
  .string()
  .max(80)
  .regex(/^[A-Z][A-Za-z]*([0-9]{4}[A-Z][A-Za-z0-9]*)?$/, 'wanted AuthorYearWord, such as Papernot2016Distillation')
  .refine((id) => !reserved.test(id), 'is reserved; choose another name');

export const line = z
  .string()
  .trim()
  .min(1)
  .max(300)
  .refine((text) => !steering.test(text), 'holds a control or invisible character, or more than one line');

export const paragraph = z
  .string()
  .trim()
  .max(2000)
  .refine((text) => !steering.test(text.replaceAll('\n', ' ')), 'holds a control or invisible character');

export const https = z
  .url({ protocol: /^https$/, hostname: z.regexes.domain, error: 'wanted an https:// address' })
  .max(500);

const optionValue = z.union([z.string().max(100), z.number(), z.boolean()], 'wanted a number, a text, true or false');
const options = z.record(z.string().max(50), optionValue).default({});

/** How weights come about: the method, its data and its hyper-parameters. `train` turns it into weights. */
export const recipeSchema = z.strictObject({
  method: z.string().describe('Training method: an id of runner/core/training'),
  dataset: z.enum(datasetIds),
  seed: z.int().min(0).max(MOST_SEED).default(0).describe('Decides every random draw of the training'),
  options: options.describe('Options of the method; what is left out has its default'),
});

export const paperSchema = z.strictObject({
  title: line,
  url: https,
  venue: line,
  year: z.int().min(1990).max(2100),
  bibtex: z.string().max(5000).optional(),
});

const claimSchema = z.strictObject({
  track: z.string(),
  robustAccuracy: z.number().min(0).max(1).describe('A fraction, not percent'),
  source: line.describe('Where the paper says so: a table, a page'),
});

const namedDefenseSchema = z
  .strictObject({
    id: z.string(),
    options,
    file: fileName.optional().describe('What it works with besides the net: of defense-gan the generator'),
    sha256: sha256.optional().describe('SHA-256 of that file, as sha256sum prints it'),
  })
  .refine(({ file, sha256 }) => file === undefined || sha256 !== undefined, {
    path: ['sha256'],
    error: 'is missing; wanted the SHA-256 of the file, as sha256sum prints it',
  })
  .refine(({ file, sha256 }) => sha256 === undefined || file !== undefined, {
    path: ['file'],
    error: 'is missing; wanted the name of the file that sha256 belongs to',
  });

/** submission.yaml: the fields, what they may hold, and what they are when left out. */
export const submissionSchema = z
  .strictObject({
    id: idSchema.describe('AuthorYearWord; also the name of the folder'),
    name: line.describe('Name of the method, as it should stand on the board'),
    description: paragraph.default('').describe('What the method does, in a few sentences'),
    authors: z.array(line).min(1).max(50),
    paper: paperSchema.nullable().default(null),
    licence: line.max(100).describe('SPDX identifier of the licence of the weights'),
    contact: line.optional(),
    code: https.optional().describe('Where the code of the authors is'),
    datasets: z.array(z.enum(datasetIds)).min(1).max(1).describe('What it was trained on, and is evaluated on'),
    claims: z.array(claimSchema).max(20).default([]).describe('What the paper says of its robust accuracy'),
    model: modelSchema.optional().describe('The net'),
    models: z
      .array(modelSchema)
      .min(2)
      .max(64)
      .optional()
      .describe('Several nets, which the first of `defenses` joins'),
    recipe: recipeSchema.optional(),
    defenses: z.array(namedDefenseSchema).max(8).default([]).describe('What is done at inference besides the net'),
    certificate: z
      .strictObject({ method: z.string().describe('An id of docs/certificates.md'), options })
      .optional()
      .describe('How it is proven that no change within the ball alters its answers'),
    withdrawn: z
      .strictObject({ date: z.iso.date(), reason: line })
      .optional()
      .describe('When and why its authors no longer stand by it; its row stays, struck out'),
    randomised: z.boolean().default(false).describe('Whether the same image may get different answers'),
  })
  .refine(({ model, models }) => model !== undefined || models !== undefined, {
    path: ['model'],
    error: 'is missing; wanted model, or models for several that are joined',
  })
  .refine(({ model, models }) => model === undefined || models === undefined, {
    path: ['models'],
    error: 'stands beside model; wanted one of the two',
  })
  .refine(({ model, recipe }) => model === undefined || model.file !== undefined || recipe !== undefined, {
    path: ['model', 'file'],
    error: 'is missing, and there is no recipe; wanted weights, a recipe, or both',
  });

/**
 * What the digest of a submission is over: the manifest without its withdrawal, which comes when results are there and
 * makes none of them untrue.
 */
export function digestedManifest({ withdrawn: _withdrawn, ...manifest }: Submission): Omit<Submission, 'withdrawn'> {
  return manifest;
}

export type Submission = z.infer<typeof submissionSchema>;
export type Recipe = z.infer<typeof recipeSchema>;

/** The nets that a submission is made of, one or several. */
export function modelsOf({ model, models = [] }: Pick<Submission, 'model' | 'models'>): readonly Model[] {
  return model === undefined ? models : [model];
}
