import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import type { NamedCertificate } from '../certificates/certificate.ts';
import { findCertificate } from '../certificates/index.ts';
import { type Evaluation, evaluate, type Workers } from '../evaluate.ts';
import { certificateMistake, provenExamples } from '../evidence/certified.ts';
import { evidenceOf } from '../evidence/file.ts';
import { proveExample } from '../evidence/records.ts';
import { countCertified } from '../metrics/certified.ts';
import { outcome } from '../metrics/outcomes.ts';
import { proportion } from '../metrics/proportion.ts';
import type { Classifier } from '../models/classifier.ts';
import type { StoredTensor } from '../models/safetensors.ts';
import { openSent } from '../models/sent-model.ts';
import { type Result, resultSchema } from '../result.ts';
import { resolveSuite } from '../suites/resolve.ts';
import { forge, honestSubject } from '../testing/forged.ts';
import { linearSubmission, randomWeights, rightImages } from '../testing/linear-submission.ts';
import { pairEvaluation } from '../testing/pairs.ts';
import { findTrack } from '../tracks.ts';
import { type Subject, verify } from '../verification/verify.ts';
import { refuseImprecise } from './certify.ts';
import { classify, perform, pickFrom } from './perform.ts';
import { type CertifyOutcome, type OutcomeOf, type Task, taskKey } from './tasks.ts';

const COUNT = 60;
const weights = randomWeights(4);
const sent = linearSubmission(weights);
const examples = { ...rightImages(weights, COUNT), digest: '1'.repeat(64) };
const ibp: NamedCertificate = { method: 'ibp', options: {} };

let classifier: Classifier;
let evaluation: Evaluation;

beforeAll(async () => {
  await startBackend('wasm');
  classifier = await openSent(sent);
  const track = findTrack('mnist-linf-0.3');
  // Between the radii of the images: some are certified, and some are broken.
  const pick = pickFrom(examples);
  const bench = { classifier, sent, pick, now: () => 0 };
  const positions = Int32Array.from({ length: COUNT }, (_, i) => i);
  const named = { method: 'linear', options: {} };
  const task = { kind: 'certify', certificate: named, norm: 'Linf', epsilon: 1, seed: 0, chunk: 0 } as const;
  const { numbers: radii } = await perform({ ...task, examples: positions }, bench);
  const epsilon = radii.slice().sort()[COUNT / 2] as number;
  const line = { id: 'fgsm', attack: 'fgsm', options: {}, targets: 'untargeted', ball: 'track' } as const;
  const suite = resolveSuite(
    {
      id: 'test',
      title: 'Test',
      description: '',
      attacks: { [track.id]: [line] },
      examples: { count: COUNT, which: 'first' },
      chunk: COUNT,
      evidence: { images: 'examples', limit: COUNT },
    },
    { ...track, epsilon },
  );
  evaluation = { ...pairEvaluation(examples), suite, count: COUNT, classes: 10, certificate: ibp };
});

function workers(changes: Partial<Workers> = {}): Workers {
  const bench = { classifier, sent, pick: pickFrom(examples), now: () => 0 };
  return {
    run: <T extends Task>(task: T): Promise<OutcomeOf<T>> => perform(task, bench),
    confirm: (x) => classify(classifier, x),
    confirmedBy: 'cpu',
    ...changes,
  };
}

const subject = () =>
  honestSubject(evaluation, workers(), {
    examples,
    classes: 10,
    classify: (x) => classify(classifier, x),
    certificate: {
      named: ibp,
      async measure(positions) {
        const { norm, epsilon } = evaluation.suite.track;
        const task = { kind: 'certify', certificate: ibp, norm, epsilon, seed: 0, chunk: 0 } as const;
        return (await workers().run({ ...task, examples: positions })).numbers;
      },
    },
  });

/** A forger's change of the certificate's numbers. */
const inNumbers = (change: (numbers: Float64Array) => void) => (tensors: Map<string, StoredTensor>) =>
  change(tensors.get('certificate')?.data as Float64Array);

/** The first example that the attack broke. */
function brokenOf({ evidence, suite }: Subject): number {
  return evidenceOf(evidence, { suite, examples }).lines[0]?.code.indexOf(outcome.broken) ?? -1;
}

let honest: Subject;

describe('an evaluation with a certificate', () => {
  beforeAll(async () => {
    honest = await subject();
  });

  it('has a lower bound below its upper one, on the same examples, and numbers for each', () => {
    const { certifiedAccuracy, certificate, robustAccuracy } = resultSchema.parse(honest.result);
    expect(certificate).toMatchObject({ ...ibp, examples: COUNT, robustAccuracy, contradicted: 0, meanRadius: null });
    expect(certifiedAccuracy?.value).toBeGreaterThan(0.3);
    expect(certifiedAccuracy?.value).toBeLessThanOrEqual(robustAccuracy.value);
    expect(robustAccuracy.value).toBeLessThan(1);
    const evidence = evidenceOf(honest.evidence, honest);
    expect(evidence.certificate?.values).toHaveLength(2 * COUNT);
    expect(proveExample(evidence, undefined, 7)?.record.certificate).toHaveLength(2);
  });

  it('that was interrupted has the digest of one that was not, and does nothing twice', async () => {
    const journal = new Map<string, unknown>();
    let left = 3;
    const remembering = (limited: boolean): Workers =>
      workers({
        async run<T extends Task>(task: T): Promise<OutcomeOf<T>> {
          const key = taskKey(task) ?? '';
          if (journal.has(key)) return journal.get(key) as OutcomeOf<T>;
          if (limited && left-- === 0) throw new Error('killed');
          const done = await workers().run(task);
          expect(journal.has(key)).toBe(false);
          if (key !== '') journal.set(key, done);
          return done;
        },
      });
    await expect(evaluate(evaluation, remembering(true))).rejects.toThrow('killed');
    await new Promise((done) => setTimeout(done, 200));
    const before = [...journal.keys()];
    expect(before.filter((key) => key.startsWith('certify/'))).toHaveLength(1);
    const { draft, evidence } = await evaluate(evaluation, remembering(false));
    expect(journal.has('certify/1')).toBe(true);
    expect(draft.digest).toBe(honest.result.digest);
    expect(evidence).toEqual(honest.evidence);
  });

  it.each(['tf32', 'float16'] as const)('is refused before any work in %s, which proves nothing', async (precision) => {
    const backend = { ...evaluation.backend, name: 'cuda', precision } as const;
    const idle = workers({ run: () => Promise.reject(new Error('was asked to work')) });
    await expect(evaluate({ ...evaluation, backend }, idle)).rejects.toMatchObject({
      kind: 'infrastructure',
      message: `certificate: ibp proves nothing in ${precision}, the precision measured of backend cuda; wanted float32`,
      hint: 'evaluate with --backend native or --backend wasm',
    });
    const options = { deviation: 1 };
    expect(() => refuseImprecise({ certificate: { method: 'smoothing', options }, backend })).not.toThrow();
  });

  it('stops at an image that is certified and yet broken, and names it', async () => {
    const lying = workers({
      async run<T extends Task>(task: T): Promise<OutcomeOf<T>> {
        const done = await workers().run(task);
        if (task.kind === 'certify') {
          const { numbers } = done as CertifyOutcome;
          for (let i = 0; i < numbers.length; i++) numbers[i] = i % 2 === 0 ? 1 : 0.1;
        }
        return done;
      },
    });
    const broken = brokenOf(honest);
    await expect(evaluate(evaluation, lying)).rejects.toMatchObject({
      kind: 'infrastructure',
      message: expect.stringContaining(`example ${broken} is certified by ibp and yet wrong in the ball`),
    });
  });
});

describe('verify, and the build of the site', () => {
  const fields = async (one: Subject) => [...new Set((await verify(one)).findings.map(({ field }) => field))];

  it('find nothing wrong with an honest result', async () => {
    expect(await fields(honest)).toEqual([]);
    expect(certificateMistake(honest.result, honest.evidence)).toBeNull();
    const certified = provenExamples(honest.result, honest.evidence).size;
    expect(certified / COUNT).toBe(honest.result.certifiedAccuracy?.value);
  });

  it('refuse an example that is certified and was broken', async () => {
    const broken = brokenOf(honest);
    const forged = forge(
      honest,
      inNumbers((numbers) => numbers.set([9, 0.1], 2 * broken)),
    );
    expect(await fields(forged)).toContain('certifiedAccuracy');
    expect(certificateMistake(forged.result, forged.evidence)).toBe(
      `example ${broken} is certified, and an attack broke it in the ball`,
    );
  });

  it('refuse numbers that the net does not give: a few are measured again', async () => {
    const raised = inNumbers((numbers) => {
      for (let i = 0; i < numbers.length; i += 2) if ((numbers[i] as number) > 0) numbers[i] = 99;
    });
    const forged = forge(honest, raised);
    expect(await fields(forged)).toEqual(['certificate']);
  });

  it.each<[string, Partial<Result>, string]>([
    ['a better certified accuracy', { certifiedAccuracy: proportion(COUNT, COUNT) }, 'certifiedAccuracy'],
    ['a certificate left out', { certifiedAccuracy: null }, 'certifiedAccuracy'],
  ])('refuse %s', async (_, changes, field) => {
    const forged = forge(honest, () => {}, changes);
    expect(await fields(forged)).toContain(field);
    expect(certificateMistake(forged.result, forged.evidence)).toContain(field);
  });

  it('refuse certified accuracy above robust accuracy', () => {
    const robustAccuracy = proportion(1, COUNT);
    const certificate = { ...(honest.result.certificate as NonNullable<Result['certificate']>), robustAccuracy };
    const { result, evidence } = forge(honest, () => {}, { robustAccuracy, certificate });
    expect(certificateMistake(result, evidence)).toContain('above the robust accuracy of the same examples');
  });

  it('refuse a certificate that the submission does not ask for', async () => {
    const { certificate: _, ...plain } = honest;
    expect(await fields(plain)).toEqual(['certificate', 'certifiedAccuracy']);
  });
});

it('a certificate by chance takes out what does not stand, and says how much that is', () => {
  const options = { deviation: 1, samples: 1000, selectionSamples: 100, alpha: 0.001, examples: 4 };
  const numbers = { width: 1, values: Float64Array.of(1000, 1000, 0, 990) };
  const track = { ...findTrack('mnist-l2-2'), epsilon: 1 };
  const certified = { named: { method: 'smoothing', options }, numbers };
  const counted = countCertified(certified, [true, false, true, true, true], track);
  expect(counted.contradictions).toEqual([]);
  expect(counted.certifiedAccuracy.value).toBe(2 / 4);
  expect(counted.certificate).toMatchObject({ examples: 4, contradicted: 1, robustAccuracy: proportion(3, 4) });
  // The second image counts as 0: it is certified, and does not stand.
  const { radius } = findCertificate('smoothing');
  const radii = [1000, 990].map((count) => radius?.(Float64Array.of(count), options) as number);
  expect(counted.certificate.meanRadius).toBe(((radii[0] as number) + (radii[1] as number)) / 4);
});
