import { describe, expect, it } from 'vitest';
import type { AttackTask, AttackTaskOutcome, CertifyTask, CleanTask, ProbeTask } from '#core/evaluation/tasks.ts';
import { untargeted } from '#core/suites/lines.ts';
import { checkOutcome, mostBytesOf } from './answers.ts';

const job = { classes: 10, examples: { x: new Float32Array(20 * 4), y: new Int32Array(20), count: 20 } };
const ball = { norm: 'Linf', epsilon: 0.3, seed: 0 } as const;
const clean: CleanTask = { kind: 'clean', start: 5, count: 3 };
const attack: AttackTask = {
  kind: 'attack',
  line: untargeted('pgd', 'pgd'),
  ...ball,
  chunk: 0,
  examples: Int32Array.of(1, 2, 4),
  meets: null,
  keep: 'evidence',
};
const probe: ProbeTask = {
  kind: 'probe',
  probe: 'repeats',
  line: null,
  ...ball,
  examples: Int32Array.of(1),
  standing: Uint8Array.of(1),
};
const certify: CertifyTask = {
  kind: 'certify',
  certificate: { method: 'ibp', options: {} },
  ...ball,
  chunk: 0,
  examples: Int32Array.of(1, 2),
};
const seen = { predictions: Int32Array.of(9, -1, 0), nonFinite: Int32Array.of(6), probabilityRows: 3 };
const done: AttackTaskOutcome = {
  rowsPerExample: 1,
  code: Uint8Array.of(2, 0, 1),
  distance: Float64Array.of(0.2, 0, 0.5),
  trackDistance: Float64Array.of(0.2, 0, 0.5),
  kept: Int32Array.of(0, 2),
  images: new Float32Array(8),
  forwardCalls: 10,
  gradientCalls: 5,
  nonFinite: 0,
  rejected: 0,
  lost: 1,
  zeroGradientShare: null,
  seconds: 1.5,
};

describe('answers', () => {
  it('that are as they should be are taken', () => {
    expect(checkOutcome(seen, clean, job)).toBeNull();
    expect(checkOutcome(done, attack, job)).toBeNull();
    expect(checkOutcome({ reading: { correctSpread: 0.1 }, seconds: 1 }, probe, job)).toBeNull();
    expect(checkOutcome({ reading: null, seconds: 1 }, probe, job)).toBeNull();
    expect(checkOutcome({ numbers: Float64Array.of(1, 0.1, -2, 0.1), seconds: 1 }, certify, job)).toBeNull();
    const logits = new Float32Array(20).fill(Number.NaN);
    expect(checkOutcome(logits, { kind: 'predict', x: new Float32Array(8) }, job)).toBeNull();
  });

  it.each([
    [Float64Array.of(1, 0.1), /2 numbers, wanted 4/],
    [Float64Array.of(1, 0.1, Number.POSITIVE_INFINITY, 0.1), /not finite/],
    [[1, 0.1, 1, 0.1], /numbers/],
  ])('are refused with the certificate numbers %j', (numbers, message) => {
    expect(checkOutcome({ numbers, seconds: 1 }, certify, job)).toMatch(message);
  });

  it.each([
    ['predictions', Int32Array.of(1, 2), /2 predictions for 3 images/],
    ['predictions', Int32Array.of(1, 2, 10), /is no class/],
    ['predictions', [1, 2, 3], /predictions/],
    ['nonFinite', Int32Array.of(4), /not sent/],
    ['nonFinite', Int32Array.of(8), /not sent/],
    ['nonFinite', Int32Array.of(6, 6), /not sent/],
    ['probabilityRows', 4, /more images than were sent/],
    ['secret', 1, /secret/],
  ])('on clean images with a wrong %s are refused', (field, value, why) => {
    expect(checkOutcome({ ...seen, [field]: value }, clean, job)).toMatch(why);
  });

  it.each([
    ['rowsPerExample', 9, /9 rows for an example/],
    ['code', Uint8Array.of(2, 0), /code has 2 rows/],
    ['code', Uint8Array.of(2, 0, 3), /means nothing/],
    ['distance', Float64Array.of(0.2, Number.NaN, 0), /a distance is none/],
    ['trackDistance', Float64Array.of(0.2, -1, 0), /a distance is none/],
    ['trackDistance', Float64Array.of(0.4, 0, 0), /broken beyond the ball/],
    ['kept', Int32Array.of(2, 0), /rows that there are not/],
    ['kept', Int32Array.of(0, 3), /rows that there are not/],
    ['images', new Float32Array(4), /not as many as were kept/],
    ['images', new Float32Array(8).fill(Number.NaN), /not finite/],
    ['forwardCalls', 1.5, /forwardCalls/],
    ['lost', 4, /more rows than there are/],
    ['zeroGradientShare', 1.1, /zeroGradientShare/],
    ['seconds', -1, /seconds/],
  ])('of an attack with a wrong %s are refused', (field, value, why) => {
    expect(checkOutcome({ ...done, [field]: value }, attack, job)).toMatch(why);
  });

  it('with images that nobody wanted are refused', () => {
    expect(checkOutcome(done, { ...attack, keep: 'none' }, job)).toMatch(/nobody wanted/);
  });

  it.each([
    [{ reading: { a: Number.NaN }, seconds: 1 }],
    [{ reading: { 'no name': 1 }, seconds: 1 }],
    [{ reading: { a: 'text' }, seconds: 1 }],
    [{ reading: Object.fromEntries([...Array(50).keys()].map((i) => [`a${i}`, 1])), seconds: 1 }],
    [null],
  ])('of a probe such as %j are refused', (value) => {
    expect(checkOutcome(value, probe, job)).not.toBeNull();
  });

  it('fit within what is read of them', () => {
    const bytes = (arrays: object) =>
      Object.values(arrays).reduce((sum, value) => sum + (ArrayBuffer.isView(value) ? value.byteLength : 0), 0);
    const whole = { ...done, kept: Int32Array.of(0, 1, 2), images: new Float32Array(12) };
    expect(mostBytesOf(attack, job)).toBe(64 * 1024 + bytes({ ...whole }));
    expect(mostBytesOf({ kind: 'predict', x: new Float32Array(8) }, job)).toBe(64 * 1024 + 4 * 20);
  });
});
