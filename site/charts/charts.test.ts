import { describe, expect, it } from 'vitest';
import { epsilonCurve } from './epsilon-curve.ts';
import { intervalAxis, intervalMark } from './interval-mark.ts';
import { lineChart } from './line-chart.ts';
import { percent, percentRange } from './percent.ts';
import { coordinate, element, escapeText, text } from './svg.ts';
import { temperatureCurve } from './temperature-curve.ts';

const hostile = '"><script>alert(1)</script>&\'';
/** Numbers inside attributes and paths that are no numbers. */
const broken = /NaN|undefined|Infinity|null/;

const curve = [0, 0.1, 0.2, 0.3].map((epsilon) => ({ epsilon, robustAccuracy: 1 - 3 * epsilon }));

describe('svg', () => {
  it('escapes text and attributes', () => {
    expect(escapeText(hostile)).not.toMatch(/[<>"']/);
    expect(text(hostile, { class: hostile })).not.toContain('<script');
    expect(element('a', { b: undefined, c: 1.23456, d: -0 })).toBe('<a c="1.23" d="0"/>');
    expect(coordinate(1 / 3)).toBe(0.33);
  });
});

describe('percent', () => {
  it('carries as many decimals as the count does', () => {
    expect(percent(0.9589, 900)).toBe('95.9\u00a0%');
    expect(percent(0.9589, 10_000)).toBe('95.89\u00a0%');
    expect(percentRange(0, 1, 100)).toBe('0.0–100.0\u00a0%');
    expect(percentRange(-0.02, -0.009, 1000)).toBe('-2.00 to -0.90\u00a0%');
  });
});

describe('intervalMark', () => {
  it('is drawn as recorded', async () => {
    const svg = intervalMark({ value: 0.62, low: 0.52, high: 0.71 }, { claims: [0.95] });
    await expect(svg).toMatchFileSnapshot('pictures/interval-mark.svg');
    await expect(intervalAxis()).toMatchFileSnapshot('pictures/interval-axis.svg');
  });

  it('puts 0 and 1 inside the picture', () => {
    for (const at of [0, 1]) {
      const xs = [...intervalMark({ value: at, low: at, high: at }).matchAll(/ x[12]?="([^"]+)"/g)].map((m) =>
        Number(m[1]),
      );
      expect(xs.every((x) => x >= 0 && x <= 140)).toBe(true);
    }
  });
});

describe('epsilonCurve', () => {
  const options = { id: 'c', title: 'Robust accuracy', unit: 'ε (L∞)', epsilon: 0.3 };

  it('is drawn as recorded', async () => {
    const undefended = {
      name: 'Undefended',
      points: curve.map((p) => ({ ...p, robustAccuracy: p.robustAccuracy ** 3 })),
    };
    const svg = epsilonCurve([{ name: 'Ours', points: curve }, undefended], {
      ...options,
      interval: { value: 0.1, low: 0.06, high: 0.17 },
    });
    await expect(svg).toMatchFileSnapshot('pictures/epsilon-curve.svg');
  });

  it('draws the points in order of ε whatever order they come in', () => {
    expect(epsilonCurve([{ name: 'a', points: curve.toReversed() }], options)).toBe(
      epsilonCurve([{ name: 'a', points: curve }], options),
    );
  });

  it.each([
    ['no series', []],
    ['no points', [{ name: 'a', points: [] }]],
    ['one point at 0', [{ name: 'a', points: [{ epsilon: 0, robustAccuracy: 1 }] }]],
  ])('survives %s', (_, series) => {
    expect(epsilonCurve(series, { ...options, epsilon: 0 })).not.toMatch(broken);
  });

  it('keeps a hostile name inert and a long one short', () => {
    const svg = epsilonCurve([{ name: hostile.repeat(50), points: curve }], { ...options, title: hostile });
    expect(svg).not.toContain('<script');
    expect(svg.length).toBeLessThan(12_000);
  });
});

describe('temperatureCurve', () => {
  const points = [1, 2, 5, 10, 100].map((temperature) => {
    const value = 0.9 / temperature;
    return { temperature, value, low: value * 0.9, high: Math.min(1, value * 1.1) };
  });

  it('is drawn as recorded', async () => {
    const ours = { name: 'Ours', points: points.slice(0, 3), undistilled: 0.97 };
    const svg = temperatureCurve([{ name: 'The paper', points, undistilled: 0.96 }, ours], {
      id: 't',
      title: 'Success over temperature',
    });
    await expect(svg).toMatchFileSnapshot('pictures/temperature-curve.svg');
  });

  it('names every value in its description and survives none', () => {
    const options = { id: 't', title: 'T' };
    expect(temperatureCurve([{ name: 'x', points }], options)).toContain('0.90\u00a0% at 100');
    expect(temperatureCurve([{ name: 'x', points: [] }], options)).not.toMatch(broken);
  });
});

describe('lineChart', () => {
  const options = {
    id: 'l',
    title: 'Confidence',
    x: { title: 'Generation', log: true },
    y: { title: 'Confidence, %', share: true },
  };
  const line = (name: string, at: number) => ({
    name,
    points: [1, 10, 100].map((x) => ({ x, y: at * Math.log10(10 * x) })),
  });

  it('is drawn as recorded', async () => {
    const svg = lineChart([line('pixels', 0.3), line('patterns', 0.31), line('ascent', 0.2)], options);
    await expect(svg).toMatchFileSnapshot('pictures/line-chart.svg');
  });

  it('keeps names at the ends of lines apart, also of lines that end together', () => {
    const svg = lineChart(
      Array.from({ length: 8 }, (_, i) => line(`name ${i}`, 0.3)),
      options,
    );
    const heights = [...svg.matchAll(/<text x="[^"]+" y="([^"]+)">name/g)]
      .map((match) => Number(match[1]))
      .sort((a, b) => a - b);
    expect(heights).toHaveLength(8);
    for (let i = 1; i < 8; i++)
      expect((heights[i] as number) - (heights[i - 1] as number)).toBeGreaterThanOrEqual(12.9);
    expect(Math.max(...heights)).toBeLessThan(330);
  });

  it.each([
    ['no series', []],
    ['no points', [{ name: 'a', points: [] }]],
    ['one point', [{ name: 'a', points: [{ x: 1, y: 0 }] }]],
  ])('survives %s', (_, series) => {
    expect(lineChart(series, options)).not.toMatch(broken);
    expect(lineChart(series, { ...options, x: { title: 'x' }, y: { title: 'y' } })).not.toMatch(broken);
  });

  it('keeps a hostile name inert', () => {
    expect(lineChart([line(hostile, 0.1)], { ...options, title: hostile })).not.toContain('<script');
  });
});
