import { describe, expect, it } from 'vitest';
import { ownThreat, threatOf } from '../tracks.ts';
import { findSuite, suites } from './index.ts';
import { ownSuite } from './own.ts';
import { resolveSuite } from './resolve.ts';

const norms = ['Linf', 'L2', 'L1', 'L0'] as const;
const linesOf = (id: string, norm: (typeof norms)[number], classes = 10, size = 784) => {
  const threat = ownThreat('photos', norm, 1);
  return resolveSuite(ownSuite(findSuite(id), threat, { size, classes }), threat);
};

describe('a suite for data of a person’s own', () => {
  it.each(['quick', 'v1'])('%s has lines in every norm that its attacks can run, each with a name of its own', (id) => {
    for (const norm of norms) {
      const { lines } = linesOf(id, norm);
      expect(lines.length).toBeGreaterThan(1);
      expect(new Set(lines.map((line) => line.id)).size).toBe(lines.length);
    }
  });

  it('has the lines of a track in the same norm, but for those that craft on our nets', () => {
    expect(linesOf('quick', 'Linf').lines).toEqual(resolveSuite(findSuite('quick'), { ...track, id: track.id }).lines);
    const all = findSuite('v1').attacks['mnist-linf-0.3'] ?? [];
    const own = linesOf('v1', 'Linf').lines.map((line) => line.id);
    expect(all.filter((line) => !own.includes(line.id)).map((line) => line.id)).toEqual([
      'transfer',
      'transfer-robust',
    ]);
  });

  it('uses the margin where classes are too few for the DLR loss', () => {
    const of = (classes: number) =>
      Object.fromEntries(
        linesOf('v1', 'Linf', classes).lines.map(({ id, attack, options }) => [id, [attack, options.loss]]),
      );
    expect(of(4)).toMatchObject({ 'apgd-t': ['apgd-t', undefined], 'apgd-dlr': ['apgd', 'dlr'] });
    expect(of(3)).toMatchObject({ 'apgd-t': ['apgd', 'margin'], 'apgd-dlr': ['apgd', 'dlr'] });
    expect(of(2)).toMatchObject({ 'apgd-t': ['apgd', 'margin'], 'apgd-dlr': ['apgd', 'margin'] });
  });

  it('takes fewer images at a time where they are large', () => {
    expect(linesOf('quick', 'L2').suite.chunk).toBe(50);
    expect(linesOf('quick', 'L2', 20, 224 * 224 * 3).suite.chunk).toBe(13);
  });

  it('says which norms a suite knows', () => {
    expect(() => linesOf('papernot2016', 'L2')).toThrow(/suite papernot2016 has no attacks in L2/);
    expect(() => linesOf('papernot2016', 'L1')).toThrow(expect.objectContaining({ hint: 'it has some in L0' }));
    for (const { id } of suites.filter(({ l1 }) => l1 !== undefined)) expect(linesOf(id, 'L1').lines).not.toEqual([]);
  });
});

const track = { id: 'mnist-linf-0.3', norm: 'Linf', epsilon: 0.3, title: '' } as const;

it('a threat model is named after the data and the radius, as a person wrote it', () => {
  expect(ownThreat('photos', 'Linf', 8 / 255)).toMatchObject({ id: 'photos-linf-8-255', title: 'photos, L∞ ≤ 8/255' });
  expect(ownThreat('photos', 'Linf', 0.2)).toMatchObject({ id: 'photos-linf-0.2', title: 'photos, L∞ ≤ 0.2' });
  expect(ownThreat('photos', 'L0', 51)).toMatchObject({ id: 'photos-l0-51', title: 'photos, at most 51 values' });
  const result = { track: 'photos-l2-0.5', threat: { norm: 'L2', epsilon: 0.5 }, dataset: { id: 'photos' } } as const;
  expect(threatOf(result)).toEqual(ownThreat('photos', 'L2', 0.5));
  expect(threatOf({ track: 'mnist-l2-2', dataset: { id: 'mnist' } }).epsilon).toBe(2);
});
