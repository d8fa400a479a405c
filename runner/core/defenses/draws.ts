/**
 * Where defenses that draw get their numbers from: counter-based, so that every draw can be made again.
 *
 * One that answers makes the draws numbered 0, 1, … of a fixed key. They are the same for every image, whatever its batch, run, shard or
 * device, so that whoever has an image and the submission can check what is said of it.
 *
 * One that is attacked meets draws keyed by (seed, line, chunk, number of the pass), all of the batch the same ones. A chunk is attacked by
 * one process from its first pass on, so that shards and resumed runs meet the same; and none of these draws is one of an answer, so that
 * an attack has to find an image that fools the defense whatever it draws.
 *
 * Nothing is wrapped twice for this: whoever asks sets the key for the time of a forward pass, which is synchronous.
 */
import type { AttackKey, Classifier } from '../models/classifier.ts';
import { type ExampleRandom, exampleRandom } from '../random.ts';

/** Numbers for one look at the images. */
export interface Draw {
  /** From N(0, 1). */
  normal(size: number): Float32Array;
  /** From [0, 1). */
  uniform(size: number): Float32Array;
}

export interface Draws {
  /**
   * To be called once in each forward pass.
   * @param samples draws that an answer is made of
   * @returns so many of them, always the same; one, another in each pass, where it is attacked
   */
  next(samples: number): readonly Draw[];
}

/** Whose pass it is: a number of an answer, or a pass of an attack. */
type Pass = { readonly answer: number } | (AttackKey & { readonly pass: number });

/** The draws of an answer do not depend on the seed of a run: a verdict must hold without it. */
const ANSWER_SEED = 0;

export interface DrawSource {
  /** @param position of the defense in its submission, so that two of them draw apart */
  of(position: number): Draws;
  /** @returns the classifier, which draws from here, with what it is to attacks */
  drawing(classifier: Classifier): Classifier;
}

export function drawSource(): DrawSource {
  let now: Pass = { answer: 0 };

  function during(pass: Pass, classifier: Classifier): Classifier['logits'] {
    return (x) => {
      const before = now;
      now = pass;
      try {
        return classifier.logits(x);
      } finally {
        now = before;
      }
    };
  }

  return {
    of: (position) => ({
      next(samples) {
        if (!('answer' in now)) {
          const { seed, line, chunk, pass } = now;
          return [drawOf(exampleRandom(seed, `attacked/${position}/${line}`), chunk, pass)];
        }
        const { answer } = now;
        const random = exampleRandom(ANSWER_SEED, `answer/${position}`);
        return Array.from({ length: samples }, (_, sample) => drawOf(random, sample, answer));
      },
    }),
    drawing: (classifier) => ({
      ...classifier,
      drawing: {
        attacked(key) {
          let pass = 0;
          return { ...classifier, logits: (x) => during({ ...key, pass: pass++ }, classifier)(x) };
        },
        answering: (answer) => ({ ...classifier, logits: during({ answer }, classifier) }),
      },
    }),
  };
}

function drawOf(random: ExampleRandom, row: number, draw: number): Draw {
  return {
    normal: (size) => random.normal([row], draw, size),
    uniform: (size) => random.uniform([row], draw, size),
  };
}
