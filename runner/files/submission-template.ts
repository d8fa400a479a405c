import { stringify } from 'yaml';

/** What a new submission says of itself until its author does. */
export interface TemplateValues {
  readonly id: string;
  readonly name: string;
  readonly author: string;
  readonly dataset: string;
  readonly architecture: string;
}

/** Stands where a name is wanted; `validate` asks for it. */
export const placeholderAuthor = 'Your Name';

/** @returns a submission.yaml that is valid as it stands, with a comment on whatever is left to say */
export function submissionTemplate({ id, name, author, dataset, architecture }: TemplateValues): string {
  const text = (value: string) => stringify(value, { lineWidth: 0 }).trimEnd();
  return `id: ${text(id)}
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

model:
  format: safetensors
  architecture: ${architecture}
  # With weights: a safetensors file beside this one, and what sha256sum prints for it.
  # file: model.safetensors
  # sha256: …

# How the weights come about. 'train' turns it into weights; once these are named above, it may go or stay.
recipe:
  method: standard
  dataset: ${dataset}
  seed: 0
  options: {}
`;
}
