/** The text of a submission.yaml that is valid as it stands. */
export const manifest = `id: Someone2020Method
name: A method
authors: [Some One]
licence: MIT
datasets: [mnist]
model:
  format: safetensors
  architecture: papernot-mnist
recipe:
  method: standard
  dataset: mnist
`;
