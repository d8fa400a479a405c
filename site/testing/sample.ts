import { proportion } from '#core/metrics/proportion.ts';
import { type Flag, type Result, resultDigest } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { submissionDigest } from '#core/submission-digest.ts';
import { type External, fixtureExternal } from './external.ts';
import { fixtureEvidence, fixtureResult, fixtureSubmission, pairsIn, sha256 } from './fixtures.ts';

const blind: Flag = {
  id: 'zero-gradients',
  level: 'warning',
  message: '73 % of the gradients that jsma asked for are zero: it is partly blind',
  value: 0.73,
};
const softmax: Flag = {
  id: 'softmax-output',
  level: 'failure',
  message: 'The outputs of 100 of 100 images sum to one',
  value: 100,
};
const partial: Flag = { id: 'partial', level: 'info', message: '100 of 1,000 images', value: 0.1 };

/** Text that must come out as text wherever it is shown. */
export const hostileName = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}';
/** As long as a name may be. */
export const longName = `${'Very'.repeat(37)} long ${'name '.repeat(29)}`.slice(0, 300).trim();

/** A board as it may come to be: ties, claims that fell, flags, a long name, a hostile one, right-to-left text, rows lowered and withdrawn. */
export function sampleBoard(): { submissions: Submission[]; results: Result[]; externals: External[] } {
  const claim = (robustAccuracy: number) => [
    { track: 'mnist-linf-0.3', robustAccuracy, source: 'Table 2 of the paper' },
  ];
  const distillation = { method: 'distillation', dataset: 'mnist', seed: 0, options: { temperature: 100 } } as const;
  const submissions = [
    fixtureSubmission({
      id: 'Undefended',
      paper: null,
      authors: ['The Parapet contributors'],
    }),
    fixtureSubmission({
      id: 'Papernot2016Distillation',
      name: 'Defensive distillation, T = 100',
      recipe: distillation,
      claims: claim(0.9955),
    }),
    fixtureSubmission({ id: 'Madry2018Adversarial', name: 'Adversarial training with PGD', claims: claim(0.9) }),
    fixtureSubmission({
      id: 'Long2020Name',
      name: longName,
      authors: Array.from({ length: 50 }, (_, i) => `Author Number${i}`),
    }),
    fixtureSubmission({ id: 'Hostile2021Markup', name: hostileName, authors: [hostileName], description: hostileName }),
    fixtureSubmission({ id: 'Rtl2022Name', name: 'הגנה מפני דוגמאות', authors: ['דוד כהן'] }),
    fixtureSubmission({
      id: 'Withdrawn2023Defense',
      name: 'Input reconstruction',
      withdrawn: { date: '2026-03-04', reason: 'The gradients were masked; see <b>the erratum</b>' },
    }),
    fixtureSubmission({ id: 'Random2018Noise', name: 'Noise on every image', randomised: true }),
  ];
  const on = (id: string, standing: number, flags: readonly Flag[] = [], suite = 'v1') =>
    fixtureResult({ id, suite, track: 'mnist-linf-0.3', examples: 1000, standing, flags });
  const bounded = { named: { method: 'crown', options: {} }, examples: 1000, count: 402 };
  const smoothed = {
    named: {
      method: 'smoothing',
      options: { deviation: 1, samples: 10_000, selectionSamples: 100, alpha: 0.001, examples: 50 },
    },
    examples: 50,
    count: 31,
  };
  const results = [
    on('Undefended', 0),
    on('Papernot2016Distillation', 12, [blind, partial]),
    on('Madry2018Adversarial', 889),
    on('Long2020Name', 880, [softmax, { ...blind, message: hostileName }]),
    fixtureResult({
      id: 'Hostile2021Markup',
      suite: 'v1',
      track: 'mnist-linf-0.3',
      examples: 1000,
      standing: 430,
      certified: bounded,
      flags: [partial],
    }),
    on('Rtl2022Name', 425),
    on('Withdrawn2023Defense', 990),
    on('Undefended', 3, [partial], 'quick'),
    on('Random2018Noise', 955, [], 'autoattack-rand-100'),
    fixtureResult({
      id: 'Madry2018Adversarial',
      suite: 'quick',
      track: 'mnist-l2-2',
      examples: 100,
      standing: 93,
      certified: smoothed,
    }),
    targeted(fixtureResult({ id: 'Undefended', suite: 'papernot2016', track: 'mnist-l0-112' }), 861),
    targeted(fixtureResult({ id: 'Papernot2016Distillation', suite: 'papernot2016', track: 'mnist-l0-112' }), 9),
  ];
  const current = results.map((result) => ofSubmission(result, submissions));
  return { submissions, results: current, externals: externalsOf(current) };
}

/** Two evaluations of one row that overlap, and one that broke nothing further; what stands is the three images of the evidence. */
function externalsOf(results: readonly Result[]): External[] {
  const row = (id: string) =>
    results.find((result) => result.submission.id === id && result.suite.id === 'v1') as Result;
  const says = {
    name: hostileName,
    authors: [hostileName],
    description: hostileName,
    code: 'https://example.org/code',
  };
  return [
    fixtureExternal({
      id: 'Eve2026Longer',
      of: row('Madry2018Adversarial'),
      images: [
        [0, 1, 'confirmed'],
        [1, 0, 'confirmed'],
        [2, 7, 'classified-right'],
        [5000, 3, 'confirmed'],
      ],
    }),
    fixtureExternal({
      id: 'Mallory2026Other',
      of: row('Madry2018Adversarial'),
      images: [
        [1, 0, 'confirmed'],
        [2, 7, 'outside-ball'],
      ],
      says,
    }),
    // The first was wrong before any attack: its true class is not what the model says of it.
    fixtureExternal({ id: 'Nobody2026Late', of: row('Rtl2022Name'), images: [[0, 5, 'confirmed']] }),
  ];
}

/** The result of a targeted protocol, of 900 pairs, on probabilities as the paper did and on logits. */
function targeted(result: Result, successes: number): Result {
  const pairs = (reached: number) => ({ attempted: 900, successes: reached, successRate: proportion(reached, 900) });
  const [first, second] = result.attacks;
  if (first === undefined || second === undefined) throw new Error('a fixture has two attacks');
  const changed: Result = {
    ...result,
    attacks: [
      { ...first, id: 'jsma-probabilities', attack: 'jsma', targets: 'all', pairs: pairs(successes) },
      { ...second, id: 'jsma-logits', attack: 'jsma', targets: 'all', pairs: pairs(897) },
    ],
    pairs: pairs(successes),
  };
  const digest = sha256(fixtureEvidence(result.track, undefined, pairsIn(changed)));
  const whole = { ...changed, evidence: { ...changed.evidence, digest } };
  return { ...whole, digest: resultDigest(whole) };
}

/** The result with the digest of the submission that it names; the one on `mnist-l2-2` is of an earlier state of it. */
function ofSubmission(result: Result, submissions: readonly Submission[]): Result {
  const submission = submissions.find(({ id }) => id === result.submission.id);
  if (submission === undefined || result.track === 'mnist-l2-2') return result;
  const changed = { ...result, submission: { id: submission.id, digest: submissionDigest(submission) } };
  return { ...changed, digest: resultDigest(changed) };
}
