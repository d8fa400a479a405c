/** Opens whatever a submission is: one net or several, in any format, with what is done before, after and around them. */
import * as tf from '@tensorflow/tfjs';
import { defended } from '../defenses/index.ts';
import { ParapetError } from '../errors.ts';
import type { Model } from '../submission-models.ts';
import type { Classifier } from './classifier.ts';
import { withPreprocessing } from './preprocessing.ts';
import type { SentSubmission } from './sent-model.ts';

type Submission = SentSubmission['submission'];

/** Random images on which a graph is looked at; few, as it may be looked at on a slow backend. */
const LOOKED_AT = 2;

/**
 * @throws ParapetError 'submission' that names the model, or the defense: for a file that cannot be read, one that does not fit the data set, one that
 *   is not what submission.yaml says of it, or one whose scores are not those of its reference
 */
export async function openSubmission({ form, models, defenses, files }: Submission): Promise<Classifier> {
  const opened: Classifier[] = [];
  try {
    for (const [i, model] of models.entries()) {
      opened.push(await openOne(model, form, files, models.length === 1 ? 'model' : `models.${i}`));
    }
    return defended(opened as [Classifier, ...Classifier[]], defenses, (name) => fileOf(files, name));
  } catch (error) {
    for (const classifier of opened) classifier.dispose();
    throw error;
  }
}

async function openOne(
  model: Model,
  form: Submission['form'],
  files: Submission['files'],
  name: string,
): Promise<Classifier> {
  const bare = await load(model, form, files).catch((error: unknown) => {
    if (!(error instanceof ParapetError)) throw error;
    throw new ParapetError(error.kind, `${name}: ${error.message}`, error.hint);
  });
  try {
    refuseOther(bare, model, form, name);
    const scored = await withLogits(bare, model, name);
    if (model.reference !== undefined) {
      const { compareWithReference } = await import('./reference.ts');
      await compareWithReference(scored, model, fileOf(files, model.reference.file), name);
    }
    return model.preprocessing === undefined ? scored : withPreprocessing(scored, model.preprocessing);
  } catch (error) {
    bare.dispose();
    throw error;
  }
}

async function load(model: Model, { inputShape }: Submission['form'], files: Submission['files']): Promise<Classifier> {
  const bytes = fileOf(files, model.file ?? '');
  if (model.format === 'safetensors') {
    const { loadClassifier } = await import('./index.ts');
    return loadClassifier(model.architecture, bytes);
  }
  if (model.format === 'onnx') {
    const { loadOnnx } = await import('./onnx/classifier.ts');
    return loadOnnx(bytes, { inputShape });
  }
  const { loadTfjs } = await import('./tfjs.ts');
  const { listingOf } = await import('./tfjs/file.ts');
  return loadTfjs(bytes, new Map(listingOf(bytes).files.map((file) => [file, fileOf(files, file)])));
}

function fileOf(files: Submission['files'], name: string): Uint8Array {
  if (Object.hasOwn(files, name)) return files[name] as Uint8Array;
  throw new ParapetError('submission', `${name} is missing`);
}

function refuseOther({ inputShape, classes, ends }: Classifier, model: Model, form: Submission['form'], name: string) {
  if (inputShape.join() !== form.inputShape.join() || classes !== form.classes) {
    throw new ParapetError(
      'submission',
      `${name}: takes images of ${inputShape.join(' × ')} and gives ${classes} scores; ` +
        `its data set has images of ${form.inputShape.join(' × ')} and ${form.classes} classes`,
      'check datasets, or export the model for images of that size',
    );
  }
  const normalises = ends?.normalises ?? null;
  if (model.preprocessing !== undefined && normalises !== null) {
    throw new ParapetError(
      'submission',
      `${name}.preprocessing: the graph begins with ${article(normalises)} by constants, so that images would be preprocessed twice`,
      'leave preprocessing away, or export the model without it',
    );
  }
}

function article(operator: string): string {
  return `${/^[AEIOU]/.test(operator) ? 'an' : 'a'} ${operator}`;
}

/** The same net with scores that are logits, whatever comes out of its file, which must be what `model.output` says. */
async function withLogits(classifier: Classifier, { output }: Model, name: string): Promise<Classifier> {
  // What is code of ours gives logits.
  if (classifier.ends === undefined) return classifier;
  const { softmax } = classifier.ends;
  const gives = await givesProbabilities(classifier);
  if (output === 'logits' && (gives || softmax)) {
    throw new ParapetError(
      'submission',
      `${name}.output: says logits; ${gives ? 'what comes out are probabilities' : 'the graph ends in a softmax'}`,
      'write output: probabilities, or, better, export the model without its softmax',
    );
  }
  if (output === 'probabilities' && !gives && !softmax) {
    throw new ParapetError(
      'submission',
      `${name}.output: says probabilities; the scores of an image do not sum to 1`,
      'write output: logits',
    );
  }
  return gives ? withLogarithm(classifier) : classifier;
}

/** Smallest float32 whose precision is whole: below it a probability is as good as 0, and its logarithm must stay finite. */
const SMALLEST = 2 ** -126;

function withLogarithm(classifier: Classifier): Classifier {
  return {
    ...classifier,
    notes: [...(classifier.notes ?? []), 'its scores are the logarithms of the probabilities that it gives'],
    logits: (x) => tf.tidy(() => tf.log(tf.maximum(classifier.logits(x), SMALLEST)) as tf.Tensor2D),
  };
}

/** Whether all scores of random images lie in [0, 1] and sum to 1 per image, as AutoAttack tests for a softmax. */
async function givesProbabilities({ inputShape, classes, logits }: Classifier): Promise<boolean> {
  const scores = tf.tidy(() => logits(tf.randomUniform([LOOKED_AT, ...inputShape], 0, 1, 'float32', 1) as tf.Tensor4D));
  const values = await scores.data<'float32'>();
  scores.dispose();
  for (let row = 0; row < LOOKED_AT; row++) {
    const one = values.subarray(row * classes, (row + 1) * classes);
    const sum = one.reduce((total, score) => total + score, 0);
    if (Math.abs(sum - 1) > 1e-4 || one.some((score) => score < -1e-5 || score > 1 + 1e-5)) return false;
  }
  return true;
}
