import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { behaviour, probes, probesOf } from '../diagnostics/probes/index.ts';
import { findTrack, tracks } from '../tracks.ts';
import { findSuite, suites } from './index.ts';
import { untargeted } from './lines.ts';
import { linesOfOneDraw, resolveLine, resolveSuite, suiteDigest } from './resolve.ts';

const linf = findTrack('mnist-linf-0.3');

describe.each(suites)('suite $id', (suite) => {
  it('has lines that its attacks can run, each with a name of its own', () => {
    for (const trackId of Object.keys(suite.attacks)) {
      const { lines } = resolveSuite(suite, findTrack(trackId));
      expect(lines.length).toBeGreaterThan(0);
      expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
      if (suite.headline !== undefined) expect(lines.map(({ id }) => id)).toContain(suite.headline);
    }
  });

  it('has names fit for file and tensor names', () => {
    const ids = [suite.id, ...Object.values(suite.attacks).flatMap((lines) => lines.map(({ id }) => id))];
    for (const id of ids) expect(id).toMatch(/^[a-z0-9][a-z0-9-]*$/);
  });

  it('keeps images of whole chunks', () => {
    const { limit } = suite.evidence;
    expect(limit === suite.examples.count || limit % suite.chunk === 0).toBe(true);
  });
});

describe('v1', () => {
  const text = readFileSync(new URL('../../../docs/suites.md', import.meta.url), 'utf8');

  it('has every line of every track explained in docs/suites.md', () => {
    const ids = Object.values(findSuite('v1').attacks).flatMap((lines) => lines.map(({ id }) => id));
    expect([...new Set(ids)].filter((id) => !text.includes(`\`${id}\``))).toEqual([]);
  });

  it('begins with AutoAttack where AutoAttack knows the norm', () => {
    for (const track of tracks.filter(({ norm }) => norm !== 'L0')) {
      const { lines } = resolveSuite(findSuite('v1'), track);
      const standard = resolveSuite(findSuite('autoattack-standard'), track).lines;
      expect(lines.slice(0, 4)).toEqual(standard);
    }
  });

  it('runs every probe there is, whether listed or asked of every evaluation', () => {
    expect(probesOf(findSuite('v1')).toSorted()).toEqual(probes.map(({ id }) => id).toSorted());
    expect(probesOf({ probes: ['tape', 'gradients'] })).toEqual([
      'repeats',
      ...behaviour.map(({ id }) => id),
      'small-changes',
      'gradients',
    ]);
  });
});

describe('resolving', () => {
  it('serves every track with quick and v1', () => {
    for (const track of tracks)
      for (const id of ['quick', 'v1']) expect(resolveSuite(findSuite(id), track).track).toBe(track);
  });

  it('runs the attacks of AutoAttack in its order, on what is left', () => {
    const lines = (id: string) => resolveSuite(findSuite(id), linf).lines.map((line) => line.id);
    expect(lines('autoattack-standard')).toEqual(['apgd-ce', 'apgd-t', 'fab-t', 'square']);
    expect(lines('autoattack-plus')).toEqual(['apgd-ce', 'apgd-dlr', 'fab', 'square', 'apgd-t', 'fab-t']);
    expect(lines('autoattack-rand')).toEqual(['apgd-ce', 'apgd-dlr']);
    expect(lines('autoattack-rand-100')).toEqual(['apgd-ce', 'apgd-dlr']);
    for (const id of ['standard', 'plus', 'rand', 'rand-100']) expect(findSuite(`autoattack-${id}`).cascade).toBe(true);
  });

  it('knows which lines average over draws', () => {
    const oneDraw = (id: string) => linesOfOneDraw(resolveSuite(findSuite(id), linf));
    expect(oneDraw('quick')).toEqual(['fgsm', 'pgd-ce', 'pgd-margin']);
    expect(oneDraw('autoattack-rand')).toEqual([]);
    expect(oneDraw('autoattack-rand-100')).toEqual([]);
  });

  it('writes every option out', () => {
    const { options } = resolveLine(untargeted('pgd', 'pgd', { steps: 7 }), linf);
    expect(options).toMatchObject({ steps: 7, randomStart: true, restarts: 1, loss: 'ce' });
  });

  it.each([
    [untargeted('a', 'pdg'), /there is no 'pdg'/],
    [untargeted('a', 'pgd', { stepz: 1 }), /has no option stepz/],
    [untargeted('a', 'pgd', { steps: 0 }), /pgd\.steps/],
    [untargeted('a', 'jsma'), /does not know Linf/],
    [{ ...untargeted('a', 'jsma'), norm: 'L0' as const }, /required targeted/],
    [untargeted('a', 'transfer'), /transfer needs surrogates/],
    [{ ...untargeted('a', 'pgd'), surrogates: ['Undefended'] }, /pgd does not transfer/],
  ])('refuses %o', (line, message) => {
    expect(() => resolveLine(line, linf)).toThrow(message);
  });

  it('refuses a probe that there is not, and has a digest that its probes change', () => {
    const suite = findSuite('quick');
    expect(() => resolveSuite({ ...suite, probes: ['repeat'] }, linf)).toThrow(/there is no 'repeat'/);
    expect(suiteDigest({ ...suite, probes: ['repeats'] })).not.toBe(suiteDigest(suite));
  });

  it('refuses a track that the suite does not serve, and a suite that there is not', () => {
    expect(() => resolveSuite(findSuite('papernot2016'), linf)).toThrow(/does not serve track mnist-linf-0.3/);
    expect(() => findSuite('v9')).toThrow(/there is no 'v9'/);
  });

  it('has a digest that a default written out leaves alone and any other change does not', () => {
    const suite = { ...findSuite('quick'), attacks: { 'mnist-linf-0.3': [untargeted('pgd', 'pgd')] } };
    const spelled = { ...suite, attacks: { 'mnist-linf-0.3': [untargeted('pgd', 'pgd', { steps: 40 })] } };
    const stronger = { ...suite, attacks: { 'mnist-linf-0.3': [untargeted('pgd', 'pgd', { steps: 41 })] } };
    expect(suiteDigest(spelled)).toBe(suiteDigest(suite));
    expect(suiteDigest(stronger)).not.toBe(suiteDigest(suite));
    expect(suiteDigest({ ...suite, title: 'Another title' })).toBe(suiteDigest(suite));
  });
});
