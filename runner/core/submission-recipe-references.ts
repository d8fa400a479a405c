import { type Architecture, batchStatistic } from './models/architecture.ts';
import { architectures } from './models/index.ts';
import { modelsOf, type Recipe, type Submission } from './submission.ts';
import { type Mistake, optionMistakes, unknownId } from './submission-mistakes.ts';
import { idleOptions } from './training/idle-options.ts';
import { trainingMethods } from './training/index.ts';
import type { TrainingMethod } from './training/method.ts';
import type { DescentOptions } from './training/options.ts';

const optionsPath = ['recipe', 'options'];

/** What is wrong with the recipe of a submission: by itself, and beside the nets that it is for. */
export function recipeMistakes(submission: Submission, recipe: Recipe): Mistake[] {
  const { datasets } = submission;
  const models = modelsOf(submission);
  if (models.some(({ format }) => format !== 'safetensors')) {
    const message = 'makes weights of an architecture; leave it out where a model is a graph';
    return [{ path: ['recipe'], message, atKey: true }];
  }
  const named = new Set(models.map((model) => model.format === 'safetensors' && model.architecture));
  const trained = architectures.filter(({ id }) => named.has(id));
  const mistakes: Mistake[] = trained
    .filter((architecture) => batchStatistic(architecture) !== null)
    .map(({ id }) => ({
      path: ['recipe'],
      message: `cannot train ${id}: recipes do not measure what batch normalisation needs; leave it out and submit the weights`,
    }));
  mistakes.push(...preprocessingMistakes(submission));
  if (recipe.dataset !== datasets[0]) {
    const message = `is ${recipe.dataset}, and datasets says ${datasets[0]}; wanted the same`;
    mistakes.push({ path: ['recipe', 'dataset'], message });
  }
  const method = trainingMethods.find(({ id }) => id === recipe.method);
  if (method === undefined) return [...mistakes, unknownId(['recipe', 'method'], recipe.method, trainingMethods)];
  for (const architecture of trained) {
    try {
      method.check?.(architecture);
    } catch (error) {
      const message = `${method.id} cannot train ${architecture.id}: ${(error as Error).message}`;
      mistakes.push({ path: ['recipe', 'method'], message });
    }
  }
  const wrong = optionMistakes(method, recipe.options, optionsPath);
  return [...mistakes, ...(wrong.length > 0 ? wrong : togetherMistakes(method, recipe, trained))];
}

/** A net would be asked about images that it has not learnt from. */
function preprocessingMistakes(submission: Submission): Mistake[] {
  return modelsOf(submission).flatMap(({ preprocessing }, i): Mistake[] => {
    if (preprocessing === undefined) return [];
    const path = [...(submission.model === undefined ? ['models', i] : ['model']), 'preprocessing'];
    const message =
      'stands beside a recipe, which trains on images from 0 to 1 as they are; wanted one of the two: ' +
      'put the scaling into the weights and bias of the first layer and leave this out, or leave out the recipe';
    return [{ path, message, atKey: true }];
  });
}

/** What is wrong with options that are right one by one. */
function togetherMistakes(method: TrainingMethod, recipe: Recipe, trained: readonly Architecture[]): Mistake[] {
  const options = method.optionsSchema.parse(recipe.options) as DescentOptions;
  const mistakes = idleOptions(method, Object.keys(recipe.options), options, trained).map(
    ({ name, reason }): Mistake => {
      const message = `is ${recipe.options[name]}, which does nothing: ${reason}; wanted it left out`;
      return { path: [...optionsPath, name], message, atKey: true };
    },
  );
  const growth = method.growthEpochs?.(options) ?? 0;
  if (growth <= options.epochs - 1) return mistakes;
  const names = 'rampEpochs' in options ? 'warmupEpochs + rampEpochs' : 'warmupEpochs';
  const message =
    `is ${options.epochs}, and the radius grows over the first ${growth} (${names}): none is trained at the whole of epsilon; ` +
    `wanted at least ${Math.ceil(growth) + 1}, or fewer ${names}`;
  return [...mistakes, { path: [...optionsPath, 'epochs'], message }];
}
