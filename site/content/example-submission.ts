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
