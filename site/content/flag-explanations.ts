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
  randomised: {
    title: 'Answers that change',
    meaning:
      'The same images get different outputs each time. An attack on one draw says little about the next; a fair one averages over many.',
  },
  'idle-draws': {
    title: 'Draws that hardly matter',
    meaning:
      'The outputs for the same image differ by less than those for an image that nobody can tell from it. Attacks over draws are made for answers that change, and are weaker: the row should be read on another suite.',
  },
  'gradients-in-forward-pass': {
    title: 'Optimises while it answers',
    meaning:
      'The model computes gradients of its own before it answers. Attacks that do not see through that are too weak.',
  },
  'zero-gradient-at-start': {
    title: 'No gradient where the attack starts',
    meaning: 'At a random point of the ball the loss is flat. A gradient attack that starts there goes nowhere.',
  },
  'unavailable-gradients': {
    title: 'No gradient at the image itself',
    meaning:
      'Not even the difference of two outputs changes with the pixels, as far as the gradient tells. Something on the way, such as rounding, stops it.',
  },
  'float-underflow': {
    title: 'A loss that is flat only in floating point',
    meaning:
      'The outputs are so large that the usual loss has no gradient left in 32 bits, though the model is no more robust for it. Defensive distillation does this.',
  },
  'batch-dependent': {
    title: 'An answer that depends on its neighbours',
    meaning:
      'The same image gets other outputs when other images are classified with it. Attacks and judge then meet different models.',
  },
  'order-dependent': {
    title: 'An answer that depends on earlier calls',
    meaning: 'The same images get other outputs when they are asked about in another order. Something remembers.',
  },
  stateful: {
    title: 'A model that changes while it is attacked',
    meaning:
      'After it was attacked the model answers differently than before: it learns, counts its calls, or keeps answers.',
  },
  'clock-dependent': {
    title: 'An answer that depends on the date',
    meaning: 'With the clock a year ahead the model answers differently. No number of it means anything.',
  },
  'tape-dependent': {
    title: 'Another model under a gradient',
    meaning:
      'The model answers differently while a gradient is being recorded: attacks meet another model than the judge.',
  },
  'memorised-images': {
    title: 'Images known by heart',
    meaning:
      'Moved by a single pixel, or with noise that no eye sees, images that were right are often wrong. The model may have seen the very images that it is measured on.',
  },
  'unstable-loss': {
    title: 'A loss that jumps',
    meaning: 'Noise that no eye sees changes the loss a lot. Its gradient holds at a point and nowhere around it.',
  },
  'square-lowers': {
    title: 'Square breaks what others left',
    meaning:
      'An attack that sees only outputs breaks images that every other attack left standing. AutoAttack takes that as a sign of hidden gradients.',
  },
  'black-box-beats-white-box': {
    title: 'Knowing less breaks more',
    meaning:
      'Attacks that see only outputs or labels break images that no gradient attack breaks. Where gradients help less than they should, they are hidden.',
  },
  'transfer-beats-white-box': {
    title: 'Another model’s images break more',
    meaning: 'Images made on other models break what no gradient attack on this one breaks. Its gradients are hidden.',
  },
  'universal-beats-white-box': {
    title: 'One change for all does better',
    meaning:
      'One and the same change, added to every image, breaks images that no attack broke, though each could look for a change of its own. Those searches have missed something.',
  },
  'noise-beats-gradient': {
    title: 'Noise breaks more than a search',
    meaning:
      'Random noise breaks images that no gradient attack breaks. The search has gone wrong, or has nothing to go by.',
  },
  'transfer-failure': {
    title: 'Attacked by proxy only',
    meaning: 'Every attack was made on other models. What stands was never attacked itself.',
  },
  'silent-success': {
    title: 'Successes that were lost',
    meaning: 'An attack met adversarial images on its way and returned others. It was graded on the wrong ones.',
  },
  'incomplete-optimisation': {
    title: 'Stopped too early',
    meaning: 'The strongest attack was still gaining in its last steps on many of the images that stand.',
  },
  'more-iterations-help': {
    title: 'More iterations break more',
    meaning: 'With twice the iterations the strongest attack breaks more images. The number has not converged.',
  },
  'more-restarts-help': {
    title: 'More restarts break more',
    meaning:
      'Run once more with other random draws, the strongest attack breaks more images. The number has not converged.',
  },
  'larger-epsilon-weaker': {
    title: 'Weaker in a larger ball',
    meaning:
      'Allowed larger changes, the strongest attack breaks fewer images. Every smaller change was still allowed, so it has lost its way.',
  },
  'unbounded-attack-fails': {
    title: 'Fails without a bound',
    meaning:
      'Allowed every change, even into an image of another class, the strongest attack leaves images standing. That is no robustness.',
  },
  'active-test': {
    title: 'Planted examples were missed',
    meaning:
      'Adversarial examples were planted in a copy of the model, and the strongest attack did not find them all. What it did not find elsewhere may be there as well.',
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
