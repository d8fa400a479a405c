import { z } from 'zod';

const id = z
  .string()
  .regex(/^[A-Z][A-Za-z]*([0-9]{4}[A-Z][A-Za-z0-9]*)?$/, 'AuthorYearWord, such as Papernot2016Distillation')
  .max(80);
const line = z.string().trim().min(1).max(300);
const https = z.url({ protocol: /^https$/, error: 'an https:// address' }).max(500);
const file = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a file name beside submission.yaml, without folders')
  .max(100);

/** How weights come about: the method, its data and its hyper-parameters. `train` turns it into weights. */
export const recipeSchema = z.strictObject({
  method: z.string().describe('Training method: an id of runner/core/training'),
  dataset: z.enum(['mnist', 'fashion-mnist', 'cifar10']),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0),
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});

/** submission.yaml: everything a defense declares about itself. Data only; nothing in a submission is executed. */
export const submissionSchema = z.strictObject({
  id,
  name: line.describe('Name of the method, as it should stand on the board'),
  description: z.string().trim().max(2000).default(''),
  authors: z.array(line).min(1).max(50),
  paper: z
    .strictObject({
      title: line,
      url: https,
      venue: line,
      year: z.int().min(1990).max(2100),
      bibtex: z.string().max(5000).optional(),
    })
    .nullable()
    .default(null),
  licence: line.describe('SPDX identifier of the licence of the weights'),
  contact: line.optional(),
  code: https.optional(),
  datasets: z
    .array(z.enum(['mnist', 'fashion-mnist', 'cifar10']))
    .min(1)
    .max(1),
  claims: z
    .array(z.strictObject({ track: z.string(), robustAccuracy: z.number().min(0).max(1), source: line }))
    .max(20)
    .default([]),
  model: z.strictObject({
    format: z.literal('safetensors'),
    architecture: z.string().describe('An id of runner/core/models'),
    file: file.optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    output: z.enum(['logits', 'probabilities']).default('logits'),
  }),
  recipe: recipeSchema.optional(),
  defenses: z
    .array(
      z.strictObject({
        id: z.string(),
        options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
      }),
    )
    .max(8)
    .default([]),
  randomised: z.boolean().default(false),
});

export type Submission = z.infer<typeof submissionSchema>;
export type Recipe = z.infer<typeof recipeSchema>;
