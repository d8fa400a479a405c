/** What each warning sign means, by the id that `#core/diagnostics` gives it; a test finds those that are missing here. */
export const flagExplanations: Readonly<Record<string, { readonly title: string; readonly meaning: string }>> = {
  'low-clean-accuracy': {
    title: 'Low clean accuracy',
    meaning:
      'The model is wrong on many images that nobody attacked. A high robust accuracy relative to that is no achievement, and the weights or the pixel range may be at fault.',
  },
  'softmax-output': {
    title: 'Outputs are probabilities',
    meaning:
      'The outputs sum to one. Probabilities saturate: their gradients vanish in floating point, and attacks that follow them fail for numerical reasons. Logits are what a defense should be judged on.',
  },
  'non-finite': {
    title: 'Outputs that are not numbers',
    meaning:
      'Some outputs are infinite, or the result of an impossible computation. Such a point counts as misclassified, never as robust.',
  },
  'zero-gradients': {
    title: 'Gradients that are zero',
    meaning:
      'Where the gradient is zero throughout an image, an attack that follows it is blind. This is the commonest cause of robustness that later proved false, defensive distillation among them.',
  },
  'one-step-beats-iterative': {
    title: 'One step does better than many',
    meaning:
      'An attack of one step breaks more examples than one of many steps in the same ball. On a surface that attacks can search it should be the other way round.',
  },
  unconfirmed: {
    title: 'Successes that were not confirmed',
    meaning:
      'Some adversarial images fooled the model on the backend that ran the attacks and not on an independent one. They are not counted.',
  },
  'rejected-images': {
    title: 'Images that were rejected',
    meaning:
      'An attack returned images outside the ball or the pixel range. They are not counted; this is a fault of the benchmark, not of the defense.',
  },
  partial: {
    title: 'Part of the suite',
    meaning: 'The run used fewer examples than the suite asks for. Its intervals say how much that costs.',
  },
};
