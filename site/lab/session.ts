/** Loaded models and the attacks on them: what the worker does, apart from its messages. */
import * as tf from '@tensorflow/tfjs';
import { findAttack } from '#core/attacks/index.ts';
import { runAttack } from '#core/attacks/run.ts';
import { ParapetError } from '#core/errors.ts';
import { distances, NO_CLASS, predictions } from '#core/metrics/judge.ts';
import { type Classifier, withLogits } from '#core/models/classifier.ts';
import { openSent, type SentModel } from '#core/models/sent-model.ts';
import type { StartedBackend } from './backend.ts';
import type { AttackReply, AttackRequest } from './protocol.ts';

export interface Session {
  readonly backend: StartedBackend;
  /** Opens a model; one that is already there stays. @throws ParapetError 'submission' for one that cannot be opened */
  load(model: string, sent: SentModel): Promise<void>;
  /**
   * @param watch called before each pass through the model with the number of its images; may throw to stop the run
   * @throws ParapetError when the request does not do, or the device was lost
   */
  attack(request: AttackRequest, watch: (images: number) => void): Promise<AttackReply>;
}

/** Logits of raw images, read back. */
async function logitsOf(classifier: Classifier, x: Float32Array): Promise<Float32Array> {
  const [height, width, channels] = classifier.inputShape;
  const shape = [x.length / (height * width * channels), height, width, channels] as const;
  const logits = tf.tidy(() => classifier.logits(tf.tensor4d(x, [...shape])));
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  return values;
}

/** The true classes; where none is known, what the model reads. */
function settleLabels(y: Int32Array, before: Int32Array, target: Int32Array | null): Int32Array {
  const labels = y.map((label, i) => (label >= 0 ? label : (before[i] as number)));
  if (labels.includes(NO_CLASS)) {
    throw new ParapetError('usage', 'The model cannot decide what this is.', 'Say which digit it is.');
  }
  const clash = target?.findIndex((wanted, i) => wanted === labels[i]) ?? -1;
  if (clash >= 0) {
    throw new ParapetError(
      'usage',
      `The target ${target?.[clash]} is the image’s own class.`,
      'Pick another target class.',
    );
  }
  return labels;
}

export function createSession(backend: StartedBackend): Session {
  const classifiers = new Map<string, Classifier>();

  function assertAlive(): void {
    if (backend.isLost() || tf.getBackend() !== backend.report.name) {
      throw new ParapetError('infrastructure', `${backend.report.name} lost its device.`, 'The lab goes on with wasm.');
    }
  }

  function loaded(model: string): Classifier {
    const classifier = classifiers.get(model);
    if (classifier === undefined) throw new Error(`the model ${model} was not loaded`);
    return classifier;
  }

  async function run(request: AttackRequest, watch: (images: number) => void) {
    const { x, target } = request;
    const classifier = loaded(request.model);
    const watched = (of: Classifier): Classifier => ({
      ...of,
      ...withLogits(of, (one) => (images) => {
        watch(images.shape[0]);
        return one.logits(images);
      }),
    });
    const started = performance.now();
    const logitsBefore = await logitsOf(classifier, x);
    const before = predictions(logitsBefore, classifier.classes);
    const y = settleLabels(request.y, before, target);
    const outcome = await runAttack({
      attack: findAttack(request.attack),
      options: request.options,
      classifier: watched(classifier),
      surrogates: (request.surrogates ?? []).map((id) => watched(loaded(id))),
      x,
      y,
      target,
      examples: request.examples,
      norm: request.norm,
      epsilon: request.epsilon,
      seed: request.seed,
      stream: request.attack,
    });
    const logitsAfter = await logitsOf(classifier, outcome.xAdv);
    assertAlive();
    const { xAdv, success, cleanCorrect, forwardCalls, gradientCalls, zeroGradientShare } = outcome;
    const after = predictions(logitsAfter, classifier.classes);
    const size = x.length / y.length;
    const distance = {
      L0: distances(x, xAdv, size, 'L0'),
      L1: distances(x, xAdv, size, 'L1'),
      L2: distances(x, xAdv, size, 'L2'),
      Linf: distances(x, xAdv, size, 'Linf'),
    };
    const milliseconds = performance.now() - started;
    return {
      ...{ xAdv, y, success, cleanCorrect, before, after, logitsBefore, logitsAfter, distance },
      ...{ forwardCalls, gradientCalls, zeroGradientShare, milliseconds },
    };
  }

  return {
    backend,
    async load(model, sent) {
      if (!classifiers.has(model)) classifiers.set(model, await openSent(sent));
    },
    async attack(request, watch) {
      assertAlive();
      // A scope around the whole run, so that one that is stopped half-way leaves nothing behind either.
      tf.engine().startScope('lab attack');
      try {
        const result = await run(request, watch);
        tf.engine().endScope();
        return { ...result, tensors: tf.memory().numTensors };
      } catch (error) {
        tf.engine().endScope();
        throw error;
      }
    },
  };
}
