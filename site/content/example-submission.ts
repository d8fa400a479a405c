/** A submission.yaml to start from; a test parses it. */
export const exampleSubmission = `id: Papernot2016Distillation
name: Defensive distillation
description: A student trained on the outputs of a teacher, both at temperature 100.
authors: [Nicolas Papernot, Patrick McDaniel, Xi Wu, Somesh Jha, Ananthram Swami]
paper:
  title: Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks
  url: https://arxiv.org/abs/1511.04508
  venue: IEEE S&P
  year: 2016
licence: CC0-1.0
datasets: [mnist]
model:
  format: safetensors
  architecture: papernot-mnist
recipe:
  method: distillation
  dataset: mnist
  seed: 0
  options:
    temperature: 100
`;

/** A submission.yaml of an external evaluation to start from; a test parses it. */
export const exampleExternal = `kind: external-evaluation
id: Author2026Attack
name: PGD with a thousand restarts
description: The attack of the suite, with more restarts and a smaller step.
authors: [Your Name]
licence: CC0-1.0
of:
  submission: Papernot2016Distillation
  track: mnist-linf-0.3
examples:
  file: examples.safetensors
  sha256: 0f18ac6b3aa070380bbf4feef39f29691e0a0a2de1fe7fb5fd0a6b6312992976
`;
