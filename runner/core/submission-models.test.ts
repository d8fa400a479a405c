import { describe, expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import { architectureOf } from './submission-architecture.ts';
import { submissionDigest } from './submission-digest.ts';
import { parseManifest } from './submission-mistakes.ts';
import { referenceMistakes } from './submission-references.ts';

const sha256 = 'a'.repeat(64);
const about = { id: 'Someone2020Method', name: 'A method', authors: ['Some One'], licence: 'MIT', datasets: ['mnist'] };
const onnx = { format: 'onnx', file: 'model.onnx', sha256 };
const tfjs = { format: 'tfjs', file: 'model.json', sha256, weightsSha256: sha256 };
const weights = { format: 'safetensors', architecture: 'papernot-mnist', file: 'w.safetensors', sha256 };
const one = (change: object) => ({ ...about, model: { ...onnx, ...change } });
const drawing = (defense: object) => ({ ...about, model: onnx, randomised: true, defenses: [defense] });
const noisy = (change: object) => drawing({ id: 'gaussian-noise', ...change });
const purified = (change: object) => drawing({ id: 'defense-gan', file: 'g.safetensors', sha256, ...change });
const bare = { format: 'safetensors', architecture: 'papernot-mnist' };
const several = { ...about, models: [onnx, { ...onnx, file: 'b.onnx' }], defenses: [{ id: 'averaging' }] };

function messages(value: unknown): string[] {
  const parsed = parseManifest(value);
  const mistakes = 'mistakes' in parsed ? parsed.mistakes : referenceMistakes(parsed.submission);
  return mistakes.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}

function submissionOf(value: unknown) {
  const parsed = parseManifest(value);
  if ('mistakes' in parsed) throw new Error(messages(value).join('\n'));
  return parsed.submission;
}

describe('the nets of a manifest', () => {
  test.each<[string, unknown, string]>([
    ['a graph', one({}), 'ONNX'],
    ['a LayersModel', { ...about, model: tfjs }, 'TensorFlow.js'],
    ['weights', { ...about, model: weights }, 'papernot-mnist'],
    ['one with a reference', one({ reference: { file: 'r.safetensors', sha256 } }), 'ONNX'],
    ['one with preprocessing', one({ preprocessing: { mean: [0.13], std: [0.3] } }), 'ONNX'],
    ['several', several, 'averaging of 2 × ONNX'],
    ['several of several formats', { ...several, models: [onnx, weights] }, 'averaging of ONNX, papernot-mnist'],
    ['one behind a defense that draws', noisy({}), 'gaussian-noise of ONNX'],
    ['one behind a defense with a file', purified({}), 'defense-gan of ONNX'],
    [
      'several that one recipe makes',
      { ...several, models: [bare, bare], recipe: { method: 'standard', dataset: 'mnist' } },
      'averaging of 2 × papernot-mnist',
    ],
    ['one behind a defense', { ...one({}), defenses: [{ id: 'median' }, { id: 'jpeg' }] }, 'jpeg of median of ONNX'],
  ])('may be %s', (_, value, words) => {
    expect(messages(value)).toEqual([]);
    expect(architectureOf(submissionOf(value))).toBe(words);
  });

  test.each<[string, unknown, string]>([
    [
      'a mistyped format',
      one({ format: 'onx' }),
      "model.format: is 'onx'; wanted safetensors, onnx or tfjs; did you mean 'onnx'?",
    ],
    ['no format', one({ format: undefined }), 'model.format: is missing; wanted safetensors, onnx or tfjs'],
    [
      'a mistyped field of its format',
      one({ sha265: 'x' }),
      "model.sha265: there is no such field; did you mean 'sha256'?",
    ],
    [
      'a field of another format',
      one({ architecture: 'x' }),
      'model.architecture: there is no such field; the fields are format, file',
    ],
    [
      'a mistyped field further in',
      one({ preprocessing: { maen: [0], std: [1] } }),
      "preprocessing.maen: there is no such field; did you mean 'mean'?",
    ],
    [
      'one in a list',
      { ...several, models: [onnx, { ...onnx, fiel: 'x' }] },
      "models.1.fiel: there is no such field; did you mean 'file'?",
    ],
    ['a graph without a file', one({ file: undefined }), 'model.file: is missing'],
    [
      'no digest of weight files',
      { ...about, model: { ...tfjs, weightsSha256: undefined } },
      'model.weightsSha256: is missing',
    ],
    ['another output', one({ output: 'probabilites' }), "did you mean 'probabilities'?"],
    [
      'probabilities of weights',
      { ...about, model: { ...weights, output: 'probabilities' } },
      'papernot-mnist gives logits',
    ],
    ['a deviation of zero', one({ preprocessing: { mean: [0], std: [0] } }), 'model.preprocessing.std.0'],
    [
      'three channels for one',
      one({ preprocessing: { mean: [0, 0, 0], std: [1] } }),
      'model.preprocessing.mean: has 3 entries; images of MNIST have 1 channel',
    ],
    [
      'a pickle',
      one({ file: 'net.pt' }),
      "model.file: is 'net.pt', of a kind that can run code when it is opened and is not read; export the model once: torch.onnx.export",
    ],
    ['a file of Keras', one({ file: 'net.keras' }), 'tf2onnx.convert.from_keras'],
    ['the description as a model', one({ file: 'submission.yaml' }), 'is the description itself'],
    [
      'itself as its reference',
      one({ reference: { file: 'model.onnx', sha256 } }),
      "model.reference.file: is 'model.onnx', a model itself",
    ],
    [
      'a recipe for nets of which one is a graph',
      { ...several, models: [bare, onnx], recipe: { method: 'standard', dataset: 'mnist' } },
      'recipe: makes weights of an architecture',
    ],
    [
      'a recipe for a graph',
      { ...one({}), recipe: { method: 'standard', dataset: 'mnist' } },
      'recipe: makes weights of an architecture',
    ],
    ['neither', about, 'model: is missing; wanted model, or models'],
    ['both', { ...several, model: onnx }, 'models: stands beside model; wanted one of the two'],
    ['a list of one', { ...several, models: [onnx] }, 'models: has 1 entries; wanted at least 2'],
    [
      'several without a joiner',
      { ...several, defenses: [] },
      'defenses: names none that joins the 2 models; wanted averaging or vote first',
    ],
    [
      'two joiners',
      { ...several, defenses: [{ id: 'vote' }, { id: 'vote' }] },
      'defenses.1.id: vote joins several nets; wanted it first',
    ],
    ['a joiner for one', { ...one({}), defenses: [{ id: 'vote' }] }, 'defenses.0.id: vote joins several nets'],
    [
      'an unknown defense',
      { ...several, defenses: [{ id: 'averging' }] },
      "defenses.0.id: there is no 'averging'; did you mean 'averaging'?",
    ],
    [
      'an unknown option',
      { ...several, defenses: [{ id: 'averaging', options: { off: 1 } }] },
      'averaging has no option',
    ],
    [
      'a wrong option',
      { ...several, defenses: [{ id: 'averaging', options: { of: 'x' } }] },
      'defenses.0.options.of: ',
    ],
    ['a defense that draws, unsaid', { ...noisy({}), randomised: false }, 'randomised: is false; gaussian-noise draws'],
    [
      'drawing where nothing draws',
      { ...about, model: onnx, randomised: true },
      'randomised: is true, and no defense that is named draws; wanted gaussian-noise, random-resize-pad, defense-gan among defenses, or leave it out',
    ],
    [
      'drawing where no defense of several draws',
      { ...several, randomised: true, defenses: [{ id: 'averaging' }, { id: 'median' }] },
      'randomised: is true, and no defense that is named draws',
    ],
    ['an option out of range', noisy({ options: { samples: 0 } }), 'defenses.0.options.samples: '],
    [
      'a mistyped option of a defense that draws',
      noisy({ options: { sigma: 1 } }),
      'defenses.0.options.sigma: gaussian-noise has no option',
    ],
    [
      'a file that no defense works with',
      noisy({ file: 'g.safetensors', sha256 }),
      'defenses.0.file: gaussian-noise works with no file',
    ],
    [
      'no file where a defense needs one',
      purified({ file: undefined, sha256: undefined }),
      'defenses.0.file: is missing; wanted the generator that train-gan writes',
    ],
    ['a file without its SHA-256', purified({ sha256: undefined }), 'defenses.0.sha256: is missing'],
    ['a SHA-256 without its file', purified({ file: undefined }), 'defenses.0.file: is missing'],
    ['a file elsewhere', purified({ file: '../g.safetensors' }), 'without folders'],
    ['a file that can run code', purified({ file: 'g.pkl' }), "defenses.0.file: is 'g.pkl'; wanted the generator"],
    [
      'an option of what has none',
      { ...several, defenses: [{ id: 'vote', options: { of: 'x' } }] },
      'vote has no options',
    ],
    [
      'several without weights',
      { ...several, models: [onnx, { ...weights, file: undefined, sha256: undefined }] },
      'models.1.file: is missing, and there is no recipe',
    ],
    [
      'one name for two files',
      { ...several, models: [onnx, { ...onnx, sha256: 'b'.repeat(64) }] },
      'models.1.sha256: is not what another of the models says',
    ],
  ])('with %s are refused in a sentence', (_name, value, message) => {
    expect(messages(value).join('\n')).toContain(message);
  });
});

test('the digest of a submission of one net of weights is as it always was', () => {
  const submission = submissionOf({ ...about, model: weights });
  const before = {
    ...{ ...about, description: '', paper: null, claims: [], defenses: [], randomised: false },
    model: { ...weights, output: 'logits' },
  };
  expect(submissionDigest(submission)).toBe(digestOf({ manifest: before, model: sha256 }));
});
