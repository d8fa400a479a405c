import { scaleLinear } from 'd3';
import { element, picture, text } from './svg.ts';

/** How sure a model is of each class, before and after an attack. */
export interface ConfidencesData {
  /** Names of the classes, as short as a digit. */
  readonly classes: readonly string[];
  /** Probabilities, one per class. */
  readonly before: readonly number[];
  /** Probabilities after the attack; null before there is one. */
  readonly after: readonly number[] | null;
  /** The true class and the class the attack must reach; null where there is none. */
  readonly truth: number | null;
  readonly target: number | null;
}

export interface ConfidencesOptions {
  readonly id: string;
  readonly width: number;
  /** A probability as text. */
  readonly format: (value: number) => string;
}

const ROW = 28;
const BAR = 8;
const margin = { left: 40, right: 64, top: 6, bottom: 24 };

/**
 * Horizontal bars, a pair per class: outlined before, filled after; the true class and the target are marked at their names.
 * The elements depend on the number of classes only, so that one drawing can be turned into another bar by bar.
 * @returns SVG; colours come from CSS classes
 */
export function confidencesChart(data: ConfidencesData, { id, width, format }: ConfidencesOptions): string {
  const { classes, before, after } = data;
  const height = margin.top + classes.length * ROW + margin.bottom;
  const bottom = height - margin.bottom;
  const x = scaleLinear([0, 1], [margin.left, width - margin.right]);
  const grid = [0, 0.5, 1].map((tick) =>
    element(
      'g',
      { class: 'confidences-grid' },
      element('line', { x1: x(tick), x2: x(tick), y1: margin.top, y2: bottom }),
      text(`${tick * 100}\u00a0%`, { x: x(tick), y: bottom + 17, 'text-anchor': 'middle' }),
    ),
  );
  const rows = classes.map((name, i) => {
    const top = margin.top + i * ROW;
    const was = before[i] ?? 0;
    const now = after?.[i] ?? null;
    // Half a pixel shows that a bar is there even at 0.
    const span = (value: number) => Math.max(0.5, x(Number.isFinite(value) ? value : 0) - margin.left);
    const bar = (kind: string, y: number, value: number) =>
      element('rect', { class: kind, x: margin.left, y, height: BAR, width: span(value) });
    return element(
      'g',
      { class: `confidences-row${i === data.truth ? ' is-truth' : ''}${i === data.target ? ' is-target' : ''}` },
      text(i === data.truth ? '●' : i === data.target ? '◎' : '', { class: 'mark', x: 2, y: top + 18 }),
      text(name, { class: 'name', x: margin.left - 9, y: top + 18, 'text-anchor': 'end' }),
      bar('before', top + 4, was),
      bar('after', top + 5 + BAR, now ?? 0),
      text(format(was), { class: 'before-value', x: width - 1, y: top + 12, 'text-anchor': 'end' }),
      text(now === null ? '' : format(now), { class: 'after-value', x: width - 1, y: top + 24, 'text-anchor': 'end' }),
    );
  });
  const description = describe(data, format);
  return picture(
    { width, height, id, title: 'Confidence in each class', description, class: 'chart confidences' },
    ...grid,
    ...rows,
  );
}

/** The largest confidences in words; the rest are small. */
function describe({ classes, before, after }: ConfidencesData, format: (value: number) => string): string {
  const top = (values: readonly number[]) => {
    const order = values.map((value, i) => ({ value, i })).sort((a, b) => b.value - a.value);
    return order
      .slice(0, 2)
      .map(({ value, i }) => `${classes[i]} with ${format(value)}`)
      .join(', then ');
  };
  return `Before: ${top(before)}.${after === null ? '' : ` After: ${top(after)}.`}`;
}
