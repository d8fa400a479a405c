import { findDataset } from './datasets/index.ts';
import type { Defense } from './defenses/defense.ts';
import { defenses } from './defenses/index.ts';
import { exportInstead } from './models/foreign-files.ts';
import { architectures } from './models/index.ts';
import { modelsOf, type Recipe, type Submission } from './submission.ts';
import { type Mistake, optionMistakes, unknownId } from './submission-mistakes.ts';
import type { Model } from './submission-models.ts';

type Path = readonly PropertyKey[];

/** What is wrong with the nets of a submission, as far as its text tells. */
export function modelMistakes(submission: Submission): Mistake[] {
  const models = modelsOf(submission);
  const pathOf = (i: number): Path => (submission.model === undefined ? ['models', i] : ['model']);
  return [
    ...models.flatMap((model, i) => [
      ...architectureMistakes(model, submission, pathOf(i)),
      ...fileMistakes(model, models, pathOf(i)),
      ...preprocessingMistakes(model, submission, pathOf(i)),
    ]),
    ...(submission.models === undefined ? [] : severalMistakes(submission.models, submission.recipe)),
  ];
}

/** What is wrong with the defenses of a submission: unknown ones, their options, who joins the nets, and whether any draws. */
export function defenseMistakes(submission: Submission): Mistake[] {
  const several = modelsOf(submission).length > 1;
  const each = submission.defenses.flatMap(({ id, options }, i): Mistake[] => {
    const path = ['defenses', i];
    const defense = defenses.find((one) => one.id === id);
    if (defense === undefined) return [unknownId([...path, 'id'], id, defenses)];
    return [
      ...optionMistakes(defense, options, [...path, 'options']),
      ...placeMistakes(path, id, defense.joins, several && i === 0),
      ...defenseFileMistakes(path, defense, submission.defenses[i]?.file),
    ];
  });
  const mistakes = [...each, ...drawMistakes(submission)];
  const joins = defenses.filter((one) => one.joins).map(({ id }) => id);
  if (!several || submission.defenses.length > 0) return mistakes;
  const message = `names none that joins the ${submission.models?.length} models; wanted ${joins.join(' or ')} first`;
  return [...mistakes, { path: ['defenses'], message }];
}

function placeMistakes(path: Path, id: string, joins: boolean, shouldJoin: boolean): Mistake[] {
  if (joins === shouldJoin) return [];
  const message = joins
    ? `${id} joins several nets; wanted it first, and only where models names several`
    : `${id} takes one net; the first defense is to join the models`;
  return [{ path: [...path, 'id'], message }];
}

function defenseFileMistakes(path: Path, { id, file: what }: Defense, file: string | undefined): Mistake[] {
  if (what === undefined) {
    return file === undefined ? [] : [{ path: [...path, 'file'], message: `${id} works with no file`, atKey: true }];
  }
  if (file === undefined) return [{ path: [...path, 'file'], message: `is missing; wanted ${what}` }];
  const way = exportInstead(file);
  return way === null ? [] : [{ path: [...path, 'file'], message: `is '${file}'; wanted ${what}` }];
}

/**
 * A submission says that it draws where it does, and only there: suites over draws are weaker, for they are made for answers that differ.
 * Only defenses draw. No architecture does, and an operator that draws is refused when a model file is opened.
 */
function drawMistakes({ defenses: named, randomised }: Submission): Mistake[] {
  const known = named.flatMap(({ id }) => defenses.find((one) => one.id === id) ?? []);
  const drawing = known.find((one) => one.randomised);
  const path = ['randomised'];
  if (drawing !== undefined && !randomised) return [{ path, message: `is false; ${drawing.id} draws, so write true` }];
  if (drawing !== undefined || !randomised || known.length < named.length) return [];
  const draw = defenses.filter((one) => one.randomised).map(({ id }) => id);
  const message = `is true, and no defense that is named draws; wanted ${draw.join(', ')} among defenses, or leave it out`;
  return [{ path, message }];
}

function architectureMistakes(model: Model, { datasets }: Submission, path: Path): Mistake[] {
  if (model.format !== 'safetensors') return [];
  const at = [...path, 'architecture'];
  const architecture = architectures.find((one) => one.id === model.architecture);
  if (architecture === undefined) return [unknownId(at, model.architecture, architectures)];
  const { shape, name, classNames } = findDataset(datasets[0] ?? '');
  if (architecture.inputShape.join() === shape.join() && architecture.classes === classNames.length) return [];
  const takes = `takes images of ${architecture.inputShape.join(' × ')}`;
  return [{ path: at, message: `${architecture.id} ${takes}; those of ${name} have ${shape.join(' × ')}` }];
}

function fileMistakes(model: Model, models: readonly Model[], path: Path): Mistake[] {
  const mistakes: Mistake[] = [];
  const { file, reference } = model;
  const way = exportInstead(file ?? '');
  if (way !== null) {
    const message = `is '${file}', of a kind that can run code when it is opened and is not read; export the model once: ${way}`;
    mistakes.push({ path: [...path, 'file'], message });
  }
  if (reference !== undefined && models.some((one) => one.file === reference.file)) {
    mistakes.push({ path: [...path, 'reference', 'file'], message: `is '${reference.file}', a model itself` });
  }
  if (model.format === 'safetensors' && model.output === 'probabilities') {
    mistakes.push({ path: [...path, 'output'], message: `is 'probabilities'; ${model.architecture} gives logits` });
  }
  return mistakes;
}

function preprocessingMistakes({ preprocessing }: Model, { datasets }: Submission, path: Path): Mistake[] {
  if (preprocessing === undefined) return [];
  const { shape, name } = findDataset(datasets[0] ?? '');
  return (['mean', 'std'] as const).flatMap((field) => {
    const { length } = preprocessing[field];
    if (length === shape[2]) return [];
    const message = `has ${length} entries; images of ${name} have ${shape[2]} channel${shape[2] === 1 ? '' : 's'}`;
    return [{ path: [...path, 'preprocessing', field], message }];
  });
}

/** Several models come with their weights or with a recipe for them, and a name means one file. */
function severalMistakes(models: readonly Model[], recipe: Recipe | undefined): Mistake[] {
  const digests = new Map<string, string>();
  return models.flatMap(({ file, sha256 }, i): Mistake[] => {
    if (file === undefined || sha256 === undefined) {
      const message = 'is missing, and there is no recipe; wanted weights, a recipe, or both';
      return recipe === undefined ? [{ path: ['models', i, 'file'], message }] : [];
    }
    const before = digests.get(file) ?? sha256;
    digests.set(file, before);
    return before === sha256
      ? []
      : [{ path: ['models', i, 'sha256'], message: `is not what another of the models says of ${file}` }];
  });
}
