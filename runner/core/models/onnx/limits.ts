/** What a file may ask of the reader. Each is checked before anything of that size is allocated. */
export const limits = {
  fileBytes: 2 ** 30,
  nodes: 50_000,
  initializers: 50_000,
  /** Inputs or outputs of one node; numbers in one attribute. */
  values: 4096,
  numbers: 1_000_000,
  stringBytes: 4096,
  rank: 8,
  /** Values of one tensor: weights, and whatever is computed of one batch. */
  elements: 2 ** 28,
  /** Values of what is computed of one image: four times the widest layer of VGG on 224×224. */
  perImage: 2 ** 24,
} as const;
