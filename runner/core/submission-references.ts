import { certificateMistakes } from './certificates/index.ts';
import { didYouMean } from './closest.ts';
import { batchStatistic } from './models/architecture.ts';
import { architectures } from './models/index.ts';
import { modelsOf, type Recipe, type Submission } from './submission.ts';
import { type Mistake, unknownId } from './submission-mistakes.ts';
import { defenseMistakes, modelMistakes } from './submission-model-references.ts';
import { tracks } from './tracks.ts';
import { trainingMethods } from './training/index.ts';

/**
 * Checks what a submission names: that it exists here, and that its parts go together.
 * @returns every mistake; none when all is well
 */
export function referenceMistakes(submission: Submission): Mistake[] {
  return [
    ...modelMistakes(submission),
    ...submission.claims.flatMap(({ track }, i) => claimMistakes(submission, track, i)),
    ...(submission.recipe === undefined ? [] : recipeMistakes(submission, submission.recipe)),
    ...defenseMistakes(submission),
    ...certificateMistakes(submission),
  ];
}

function claimMistakes({ datasets }: Submission, id: string, index: number): Mistake[] {
  const path = ['claims', index, 'track'];
  const track = tracks.find((one) => one.id === id);
  const served = tracks.filter(({ dataset }) => dataset === datasets[0]);
  if (track === undefined) return [unknownId(path, id, served)];
  return track.dataset === datasets[0]
    ? []
    : [{ path, message: `${id} is a track of ${track.dataset}, not of ${datasets[0]}` }];
}

function recipeMistakes(submission: Submission, recipe: Recipe): Mistake[] {
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
  const parsed = method.optionsSchema.safeParse(recipe.options);
  for (const issue of parsed.error?.issues ?? []) {
    const path = ['recipe', 'options', ...issue.path];
    if (issue.code !== 'unrecognized_keys') mistakes.push({ path, message: issue.message });
    else {
      const known = Object.keys((method.optionsSchema as { shape?: object }).shape ?? {});
      for (const key of issue.keys) {
        const way = didYouMean(key, known) || `; the options are ${known.join(', ')}`;
        mistakes.push({ path: [...path, key], message: `method ${method.id} has no such option${way}`, atKey: true });
      }
    }
  }
  return mistakes;
}
