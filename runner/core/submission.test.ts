import { describe, expect, test } from 'vitest';
import { closest } from './closest.ts';
import { parseManifest } from './submission-mistakes.ts';
import { referenceMistakes } from './submission-references.ts';

const good = {
  id: 'Someone2020Method',
  name: 'A method',
  authors: ['Some One'],
  licence: 'MIT',
  datasets: ['mnist'],
  model: { format: 'safetensors', architecture: 'papernot-mnist' },
  recipe: { method: 'standard', dataset: 'mnist' },
};

function messages(value: unknown): string[] {
  const parsed = parseManifest(value);
  const mistakes = 'mistakes' in parsed ? parsed.mistakes : referenceMistakes(parsed.submission);
  return mistakes.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}

describe('a manifest', () => {
  test('gets its defaults', () => {
    const parsed = parseManifest(good);
    expect(parsed).toMatchObject({
      submission: { description: '', paper: null, claims: [], randomised: false, recipe: { seed: 0, options: {} } },
    });
    expect(messages(good)).toEqual([]);
  });

  const { licence: _, ...unlicensed } = good;
  const recipe = (change: object) => ({ ...good, recipe: { ...good.recipe, ...change } });
  const model = (change: object) => ({ ...good, model: { ...good.model, ...change } });
  const certified = (certificate: object) => ({ ...good, certificate });
  const smoothed = (deviation: number, other: number) => ({
    ...certified({ method: 'smoothing', options: { deviation } }),
    randomised: true,
    defenses: [{ id: 'gaussian-noise', options: { deviation: other } }],
  });
  test.each<[string, unknown, string]>([
    ['a missing field', unlicensed, 'licence: is missing; wanted a text'],
    ['a mistyped field', { ...good, lisence: 'MIT' }, "lisence: there is no such field; did you mean 'licence'?"],
    ['a mistyped field inside', model({ arch1tecture: 'x' }), "did you mean 'architecture'?"],
    ['a field like no other', { ...good, quux: 1 }, 'quux: there is no such field; the fields are id, name'],
    ['a number for a text', { ...good, name: 1000 }, 'name: is 1000; wanted a text: put it in quotes'],
    [
      'a mistyped choice',
      { ...good, datasets: ['mnits'] },
      "is 'mnits'; wanted mnist, fashion-mnist or cifar10; did you",
    ],
    ['no author', { ...good, authors: [] }, 'authors: has 0 entries; wanted at least 1'],
    ['an id like a path', { ...good, id: '../x' }, "id: is '../x'; wanted AuthorYearWord"],
    ['a reserved id', { ...good, id: 'Con' }, 'is reserved'],
    ['letters that only look like Latin', { ...good, id: 'Рapernot2016X' }, 'wanted AuthorYearWord'],
    ['javascript: as an address', { ...good, code: 'javascript:alert(1)' }, 'code: is'],
    ['http: as an address', { ...good, code: 'http://example.org' }, 'wanted an https:// address'],
    ['text that turns around', { ...good, name: 'A\u202eB' }, 'control or invisible character'],
    ['an escape sequence', { ...good, authors: ['\u001b[31m'] }, 'control or invisible character'],
    ['weights without their SHA-256', model({ file: 'model.safetensors' }), 'model.sha256: is missing'],
    ['a SHA-256 without weights', model({ sha256: 'a'.repeat(64) }), 'model.file: is missing'],
    ['weights elsewhere', model({ file: '../../etc/passwd', sha256: 'a'.repeat(64) }), 'without folders'],
    ['neither weights nor recipe', { ...good, recipe: undefined }, 'wanted weights, a recipe, or both'],
    ['a seed that is no whole number', recipe({ seed: 1.5 }), 'recipe.seed: '],
    [
      'an unknown method',
      recipe({ method: 'standrd' }),
      "recipe.method: there is no 'standrd'; did you mean 'standard'?",
    ],
    ['an unknown option', recipe({ options: { epoch: 3 } }), "standard has no option 'epoch'; did you mean 'epochs'?"],
    ['an option out of its range', recipe({ options: { epochs: 0 } }), 'recipe.options.epochs: '],
    ['a recipe for other data', recipe({ dataset: 'cifar10' }), 'recipe.dataset: is cifar10, and datasets says mnist'],
    [
      'a recipe for a net with batch normalisation',
      {
        ...recipe({ dataset: 'cifar10' }),
        datasets: ['cifar10'],
        model: { ...good.model, architecture: 'vgg-16-cifar10' },
      },
      'recipe: cannot train vgg-16-cifar10: recipes do not measure what batch normalisation needs',
    ],
    [
      'a recipe for a net that its method cannot train',
      recipe({ method: 'crown-ibp' }),
      'recipe.method: crown-ibp cannot train papernot-mnist: model.architecture: papernot-mnist has max-pooling',
    ],
    ['an unknown architecture', model({ architecture: 'papernot-mnits' }), "did you mean 'papernot-mnist'?"],
    ['an architecture for other images', model({ architecture: 'papernot-cifar10' }), 'takes images of 32 × 32 × 3'],
    [
      'a claim for no track',
      { ...good, claims: [{ track: 'mnist-linf-0.4', robustAccuracy: 0.5, source: 'table 1' }] },
      "claims.0.track: there is no 'mnist-linf-0.4'; did you mean 'mnist-linf-0.3'?",
    ],
    [
      'percent for a fraction',
      { ...good, claims: [{ track: 'mnist-linf-0.3', robustAccuracy: 55, source: 't' }] },
      'is 55; wanted at most 1',
    ],
    [
      'an unknown certificate',
      certified({ method: 'crwn' }),
      "certificate.method: there is no 'crwn'; did you mean 'crown'?",
    ],
    [
      'a certificate of a net with a layer that it cannot bound',
      certified({ method: 'crown' }),
      'certificate.method: crown cannot bound papernot-mnist: model.architecture: papernot-mnist has max-pooling after conv2',
    ],
    [
      'a certificate of a net that is not linear',
      certified({ method: 'linear' }),
      'papernot-mnist has ReLU after conv1; wanted one fully connected layer and nothing else',
    ],
    [
      'a certificate of a net that is no chain of layers',
      { ...certified({ method: 'ibp' }), model: { format: 'safetensors', architecture: 'maxout-mnist' } },
      'ibp cannot bound maxout-mnist',
    ],
    [
      'a certificate of a net with defenses around it',
      { ...certified({ method: 'ibp' }), defenses: [{ id: 'median' }] },
      'certificate.method: ibp bounds a net by itself; defenses names median',
    ],
    [
      'a certificate of a graph',
      {
        ...certified({ method: 'ibp' }),
        recipe: undefined,
        model: { format: 'onnx', file: 'a.onnx', sha256: 'a'.repeat(64) },
      },
      'ibp cannot bound a graph (model.format onnx)',
    ],
    [
      'an option that a certificate has not',
      certified({ method: 'ibp', options: { steps: 3 } }),
      'certificate.options.steps: ibp has no options',
    ],
    [
      'a certificate without an option that it needs',
      certified({ method: 'smoothing' }),
      'certificate.options.deviation: is missing; wanted the deviation of gaussian-noise',
    ],
    [
      'a certificate in a norm that no track of the data has',
      {
        ...certified({ method: 'smoothing', options: { deviation: 1 } }),
        datasets: ['fashion-mnist'],
        recipe: { method: 'standard', dataset: 'fashion-mnist' },
      },
      'certificate.method: smoothing certifies L2; the tracks of fashion-mnist are fashion-mnist-linf-0.1',
    ],
    [
      'smoothing without its noise',
      certified({ method: 'smoothing', options: { deviation: 1 } }),
      'certificate.method: smoothing certifies a net within gaussian-noise; wanted it as the last of defenses',
    ],
    [
      'smoothing by other noise than the defense has',
      smoothed(1, 0.5),
      'certificate.options.deviation: is 1; that of gaussian-noise is 0.5; wanted the same',
    ],
    [
      'smoothing of a mean',
      { ...smoothed(1, 1), defenses: [{ id: 'gaussian-noise', options: { deviation: 1, answer: 'mean' } }] },
      'certificate.method: smoothing certifies the class that most draws say; gaussian-noise answers by their mean',
    ],
    [
      'noise too small for the radius of a track',
      smoothed(0.25, 0.25),
      'certificate.options.deviation: is 0.25, which certifies 0.800 at most with 10000 samples; too little for mnist-l2-2',
    ],
    ['a list for everything', [], 'is a list; wanted fields of its own'],
  ])('with %s is refused in a sentence', (_name, value, message) => {
    expect(messages(value).join('\n')).toContain(message);
  });

  test('every mistake comes at once', () => {
    const found = messages({ ...good, id: 'x', name: 3, datasets: ['x'], extra: 1 });
    expect(found.map((text) => text.split(':')[0])).toEqual(
      expect.arrayContaining(['id', 'name', 'datasets.0', 'extra']),
    );
  });
});

test('the closest word is found over one edit of each kind, and none for a word that is like no other', () => {
  const words = ['licence', 'authors'];
  for (const typed of ['licnce', 'liicence', 'license', 'lcience', 'LICENCE'])
    expect(closest(typed, words)).toBe('licence');
  expect(closest('quux', words)).toBeUndefined();
});
