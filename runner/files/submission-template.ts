import { stringify } from 'yaml';
import type { ModelFormat } from '#core/submission-models.ts';

/** What a new submission says of itself until its author does. */
export interface TemplateValues {
  readonly id: string;
  readonly name: string;
  readonly author: string;
  readonly dataset: string;
  readonly model: TemplateModel;
  /** Where the JSON Schema lies, from the folder of the submission, for editors. */
  readonly schema: string;
}

/** The net of a new submission. */
export interface TemplateModel {
  readonly format: ModelFormat;
  /** Of safetensors only. */
  readonly architecture: string | null;
  /** Of the files that are there already; null while there are none. */
  readonly digests: { readonly sha256: string; readonly weightsSha256: string | null } | null;
}

/** Stands where a name is wanted; `validate` asks for it. */
export const placeholderAuthor = 'Your Name';

/** Name of the model file of each format within a submission. */
export const modelFileNames: Readonly<Record<ModelFormat, string>> = {
  safetensors: 'model.safetensors',
  onnx: 'model.onnx',
  tfjs: 'model.json',
};

/** Stands where a digest is wanted. */
const ZEROS = '0'.repeat(64);

/** @returns a submission.yaml that is valid as it stands, with a comment on whatever is left to say */
export function submissionTemplate({ id, name, author, dataset, model, schema }: TemplateValues): string {
  const text = (value: string) => stringify(value, { lineWidth: 0 }).trimEnd();
  return `# yaml-language-server: $schema=${schema}
id: ${text(id)}
name: ${text(name)}
description: >-
  What the method does, in a few sentences.
authors:
  - ${text(author)}
# paper:
#   title: Title of the paper
#   url: https://arxiv.org/abs/0000.00000
#   venue: Where it appeared
#   year: 2026
licence: CC0-1.0 # of the weights: an SPDX identifier
# code: https://github.com/you/your-code
datasets: [${dataset}]

# What the paper says, if it says so for one of our tracks. Fractions, not percent.
# claims:
#   - track: ${dataset}-…
#     robustAccuracy: 0.5
#     source: table 2

${modelText(model, dataset)}`;
}

function modelText(model: TemplateModel, dataset: string): string {
  const { format, architecture, digests } = model;
  const lines = ['model:', `  format: ${format}`];
  if (format === 'safetensors') lines.push(`  architecture: ${architecture}`);
  const hasRecipe = format === 'safetensors' && digests === null;
  if (hasRecipe) {
    lines.push(
      '  # With weights: a safetensors file beside this one, and what sha256sum prints for it.',
      '  # file: model.safetensors',
      '  # sha256: …',
    );
  } else {
    if (digests === null) lines.push('  # Put the file beside this one, and what sha256sum prints for it here.');
    lines.push(`  file: ${modelFileNames[format]}`, `  sha256: ${text64(digests?.sha256)}`);
  }
  if (format === 'tfjs') {
    if (digests === null)
      lines.push('  # Of the weight files that it lists, one after the other: cat group1-shard* | sha256sum');
    lines.push(`  weightsSha256: ${text64(digests?.weightsSha256)}`);
  }
  const channels =
    dataset === 'cifar10' ? '[0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616]' : '[0.1307], std: [0.3081]';
  lines.push(
    '  # Where the net was trained on images that were shifted and scaled, and does not do that itself:',
    ...(hasRecipe ? ['  # (not beside a recipe, which trains on images from 0 to 1 as they are)'] : []),
    `  # preprocessing: { mean: ${channels} }`,
    '  # What you have for 16 images, to be compared with before anything else: docs/submission.md',
    '  # reference: { file: reference.safetensors, sha256: … }',
  );
  if (hasRecipe) {
    lines.push(
      '',
      "# How the weights come about. 'train' turns it into weights; once these are named above, it may go or stay.",
      'recipe:',
      '  method: standard',
      `  dataset: ${dataset}`,
      '  seed: 0',
      '  options: {}',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** In quotes: digits alone would be a number. */
function text64(digest: string | null | undefined): string {
  return `'${digest ?? ZEROS}'`;
}
