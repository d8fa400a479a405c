import { expect, test } from 'vitest';
import { parseManifest } from './submission-mistakes.ts';
import { referenceMistakes } from './submission-references.ts';

const model = { format: 'safetensors', architecture: 'lenet-mnist' };
const about = { id: 'Someone2020Method', name: 'A method', authors: ['Some One'], licence: 'MIT', datasets: ['mnist'] };
const scaled = { ...model, preprocessing: { mean: [0.13], std: [0.3] } };

function messages(change: object): string[] {
  const parsed = parseManifest({ ...about, model, ...change });
  const mistakes = 'mistakes' in parsed ? parsed.mistakes : referenceMistakes(parsed.submission);
  return mistakes.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}

const recipe = (method: string, options: object = {}) => ({ recipe: { method, dataset: 'mnist', options } });
const on = (architecture: string, method: string, options: object) => ({
  ...recipe(method, options),
  model: { ...model, architecture },
});

test.each<[string, object, string[]]>([
  [
    'preprocessing, which training does not do',
    { ...recipe('standard'), model: scaled },
    [
      'model.preprocessing: stands beside a recipe, which trains on images from 0 to 1 as they are; wanted one of the two: put the scaling into the weights and bias of the first layer and leave this out, or leave out the recipe',
    ],
  ],
  [
    'preprocessing of one of several nets',
    { ...recipe('standard'), model: undefined, models: [model, scaled], defenses: [{ id: 'averaging' }] },
    [expect.stringMatching(/^models\.1\.preprocessing: stands beside a recipe/) as unknown as string],
  ],
  [
    'options out of their ranges',
    recipe('distillation', {
      epochs: 2000,
      temperature: 0,
      momentum: -1,
      shift: 0.5,
      optimiser: 'adem',
      mirror: 'yes',
    }),
    [
      'recipe.options.epochs: is 2000; wanted at most 1000',
      "recipe.options.optimiser: is 'adem'; wanted momentum or adam; did you mean 'adam'?",
      'recipe.options.momentum: is -1; wanted at least 0',
      "recipe.options.mirror: is 'yes'; wanted true or false",
      'recipe.options.shift: is 0.5; wanted a whole number',
      'recipe.options.temperature: is 0; wanted more than 0',
    ],
  ],
  [
    'an option that the method does not have',
    recipe('standard', { epoch: 3 }),
    ["recipe.options.epoch: standard has no option 'epoch'; did you mean 'epochs'?"],
  ],
  [
    'a warm-up as long as the training',
    recipe('adversarial', { epochs: 5 }),
    [
      'recipe.options.epochs: is 5, and the radius grows over the first 5 (warmupEpochs): none is trained at the whole of epsilon; wanted at least 6, or fewer warmupEpochs',
    ],
  ],
  [
    'warm-up and ramp as long as the training',
    on('gowal-small-mnist', 'ibp', { epochs: 11 }),
    [
      'recipe.options.epochs: is 11, and the radius grows over the first 11 (warmupEpochs + rampEpochs): none is trained at the whole of epsilon; wanted at least 12, or fewer warmupEpochs + rampEpochs',
    ],
  ],
  [
    'a ramp that ends within the last epoch',
    on('gowal-small-mnist', 'crown-ibp', { epochs: 12, warmupEpochs: 1, rampEpochs: 10.5 }),
    [
      'recipe.options.epochs: is 12, and the radius grows over the first 11.5 (warmupEpochs + rampEpochs): none is trained at the whole of epsilon; wanted at least 13, or fewer warmupEpochs + rampEpochs',
    ],
  ],
  [
    'dropout for a net that drops nothing',
    on('softmax-regression-mnist', 'standard', { dropout: 0.5 }),
    [
      'recipe.options.dropout: is 0.5, which does nothing: no unit of softmax-regression-mnist is ever dropped; wanted it left out',
    ],
  ],
  [
    'penalties for a net without weights that have them',
    on('rbf-mnist', 'standard', { weightDecay: 0.1, l1: 0.1 }),
    ['weightDecay', 'l1'].map(
      (name) =>
        `recipe.options.${name}: is 0.1, which does nothing: no weight of rbf-mnist is penalised; wanted it left out`,
    ),
  ],
  [
    'measures of images that are not held out',
    recipe('fast', { validationEpsilon: 0.3, validationSteps: 5, patience: 2 }),
    ['validationEpsilon: is 0.3', 'validationSteps: is 5', 'patience: is 2'].map(
      (start) =>
        `recipe.options.${start}, which does nothing: validation is 0, where 5000 is usual, so no image is held out to measure by; wanted it left out`,
    ),
  ],
  [
    'steps of an attack that is not made',
    recipe('standard', { validation: 5000, validationSteps: 5 }),
    [
      'recipe.options.validationSteps: is 5, which does nothing: validationEpsilon is 0, so no image that is held out is attacked; wanted it left out',
    ],
  ],
  [
    'an attack beside pairs without one',
    recipe('logit-pairing', { pairing: 'clean', epsilon: 0.3, attackSteps: 5 }),
    ['epsilon: is 0.3', 'attackSteps: is 5'].map(
      (start) =>
        `recipe.options.${start}, which does nothing: it goes with another choice than pairing: clean; wanted it left out`,
    ),
  ],
  [
    'noise beside pairs without it',
    recipe('logit-pairing', { deviation: 0.5 }),
    [
      'recipe.options.deviation: is 0.5, which does nothing: it goes with another choice than pairing: adversarial; wanted it left out',
    ],
  ],
])('a recipe with %s is refused in a sentence', (_, change, wanted) => {
  expect(messages(change)).toEqual(wanted);
});

test.each<[string, object]>([
  ['the shortest training that has an epoch at the whole radius', recipe('adversarial', { epochs: 6 })],
  ['the same by bounds', on('gowal-small-mnist', 'ibp', { epochs: 13, warmupEpochs: 2, rampEpochs: 10 })],
  ['a warm-up at another temperature', recipe('distillation', { epochs: 1, warmupEpochs: 1 })],
  ['pairs that need no warm-up', recipe('logit-pairing', { epochs: 3, pairing: 'clean', deviation: 1 })],
  ['dropout that is switched off', on('softmax-regression-mnist', 'standard', { dropout: 0 })],
  ['defaults that do nothing for its net', on('rbf-mnist', 'standard', {})],
  ['an early stop without a warm-up', recipe('fast', { validation: 1000, validationEpsilon: 0.3, patience: 5 })],
  [
    'an early stop after a warm-up',
    recipe('fast', { epochs: 20, validation: 1000, validationEpsilon: 0.3, patience: 5, warmupEpochs: 2 }),
  ],
  [
    'dropout for nets of which one drops nothing',
    {
      ...recipe('standard', { dropout: 0.2 }),
      model: undefined,
      models: [model, { ...model, architecture: 'softmax-regression-mnist' }],
      defenses: [{ id: 'averaging' }],
    },
  ],
])('a recipe may have %s', (_, change) => {
  expect(messages(change)).toEqual([]);
});
