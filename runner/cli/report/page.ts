/** The report on a model of a person's own: one HTML file that needs nothing else, neither network nor script. */
import { findAttack } from '#core/attacks/index.ts';
import type { Flag, Proportion, Result } from '#core/result.ts';
import { normSymbols, threatOf } from '#core/tracks.ts';
import type { FlagText } from '../../files/flag-texts.ts';
import { duration } from '../output.ts';
import { percent } from '../result-table.ts';
import { advice } from './advice.ts';
import { curveSvg } from './curve.ts';
import { escaped, fromMarkdown, tableOf } from './html.ts';
import { style } from './style.ts';

export interface ReportPair {
  readonly example: number;
  readonly y: number;
  readonly predicted: number;
  readonly distance: number;
  /** PNG files. */
  readonly clean: Uint8Array;
  readonly adversarial: Uint8Array;
  /** What was changed, enlarged until the largest change is black or white; grey where nothing was. */
  readonly change: Uint8Array;
  /** How often it is enlarged. */
  readonly enlarged: number;
}

export interface ReportData {
  readonly result: Result;
  readonly flagTexts: ReadonlyMap<string, FlagText>;
  /** Names of the classes; where they are not known, their numbers stand. */
  readonly classNames: readonly string[] | null;
  readonly pairs: readonly ReportPair[];
  /** [height, width, channels] of the images; those of one channel or of three can be shown. */
  readonly shape: readonly [number, number, number];
  /** The command that made the result. */
  readonly command: string;
}

/** @returns a whole HTML document */
export function reportPage(data: ReportData): string {
  const { result } = data;
  const name = result.model?.file ?? result.submission.id;
  const title = `${name} under attack: ${threatOf(result).title}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${lead(result)}
${attacks(result)}
${curve(result)}
${signs(result.flags, data.flagTexts)}
${pictures(data)}
<h2>What to do about it</h2>
${advice(result)
  .map((paragraph) => `<p>${fromMarkdown(paragraph)}</p>`)
  .join('\n')}
${provenance(data)}
</main>
</body>
</html>
`;
}

const of = (share: Proportion, examples: number): number => Math.round(share.value * examples);

function lead({ cleanAccuracy, robustAccuracy, examples, suite, dataset }: Result): string {
  const right = of(cleanAccuracy, examples);
  const notes = dataset.notes ?? [];
  return [
    `<p class="lead">Of ${examples} images the model answers <strong>${right}</strong> right. After every attack it still answers <strong>${of(robustAccuracy, examples)}</strong> right.</p>`,
    `<p>Clean accuracy ${percent(cleanAccuracy)}, robust accuracy ${percent(robustAccuracy)}; in brackets, where the share lies with 95 % confidence for images like these. An image counts as robust when no attack of suite ${escaped(suite.id)} finds a change within the limit that makes the answer wrong.</p>`,
    ...notes.map((note) => `<p class="soft">${escaped(note)}.</p>`),
  ].join('\n');
}

function attacks(result: Result): string {
  const rows = result.attacks.map((one) => {
    const { name, paper } = attackOf(one.attack);
    const link = paper === '' ? escaped(name) : `<a href="${escaped(paper)}">${escaped(name)}</a>`;
    return [
      `${escaped(one.id)} <span class="soft">(${link})</span>`,
      percent(one.robustAccuracy),
      percent(one.successRate),
      one.medianDistance === null ? '–' : `${Number(one.medianDistance.toPrecision(3))} ${normSymbols[one.norm]}`,
      one.gradientCalls.toLocaleString('en'),
      duration(one.seconds),
    ];
  });
  const worst = ['<strong>all of them</strong>', `<strong>${percent(result.robustAccuracy)}</strong>`, '', '', '', ''];
  const header = ['attack', 'left right by it alone', 'success', 'median change', 'gradients', 'time'];
  return `<h2>Attack by attack</h2>\n${tableOf('Each attack by itself, and the worst of all for each image', header, [...rows, worst], [1, 2, 3, 4, 5])}`;
}

function attackOf(id: string): { name: string; paper: string } {
  try {
    return findAttack(id);
  } catch {
    return { name: id, paper: '' };
  }
}

/** Only attacks that look for the nearest image say anything of other radii than the one attacked at. */
function curve(result: Result): string {
  const { norm, epsilon } = threatOf(result);
  const isMeasured = result.attacks.some((one) => one.norm === norm && isMinimumNorm(one.attack));
  if (!isMeasured || result.curve.length < 3) return '';
  const rows = result.curve.map((point) => [
    `${Number(point.epsilon.toPrecision(4))}`,
    `${(100 * point.robustAccuracy).toFixed(1)} %`,
  ]);
  return [
    '<h2>Other radii</h2>',
    `<p>How many images stay right when the attacker may change them more, or less. Broken line: the radius of this run, ${Number(epsilon.toPrecision(4))} in ${normSymbols[norm]}.</p>`,
    curveSvg(result.curve, epsilon, `largest change (${normSymbols[norm]})`),
    `<details><summary>The curve as numbers</summary>${tableOf('Robust accuracy by radius', [`radius (${normSymbols[norm]})`, 'robust accuracy'], rows, [1])}</details>`,
  ].join('\n');
}

function isMinimumNorm(id: string): boolean {
  try {
    return findAttack(id).kind === 'minimum-norm';
  } catch {
    return false;
  }
}

function signs(flags: readonly Flag[], texts: ReadonlyMap<string, FlagText>): string {
  const shown = flags.map(({ id, level, message }) => {
    const text = texts.get(id);
    const more =
      text === undefined
        ? ''
        : `<p>It means: ${fromMarkdown(text.means)}</p><p>What to do: ${fromMarkdown(text.whatToDo)}</p>`;
    return level === 'info'
      ? `<p class="soft">${escaped(message)}.</p>`
      : `<section class="sign"><h3>${level}: ${escaped(message)}</h3>${more}</section>`;
  });
  const none = flags.every(({ level }) => level === 'info') ? '<p>None was found in this run.</p>' : '';
  return `<h2>Warning signs</h2>\n<p>Signs that the robust accuracy above may be too high, because attacks could not see. They are computed, and say <em>look here</em>.</p>\n${none}${shown.join('\n')}`;
}

/** Sides up to which pixels are shown as squares. */
const SMALL = 64;

function pictures({ pairs, classNames, shape, result }: ReportData): string {
  const [height, width, channels] = shape;
  if (channels !== 1 && channels !== 3) return '';
  if (pairs.length === 0) return '<h2>Images</h2>\n<p>No image was broken within the limit.</p>';
  const named = (label: number) => escaped(label < 0 ? 'two classes alike' : (classNames?.[label] ?? `class ${label}`));
  const { norm } = threatOf(result);
  const items = pairs.map(({ example, y, predicted, distance, clean, adversarial, change: changed, enlarged }) => {
    const change = `${Number(distance.toPrecision(3))} in ${normSymbols[norm]}`;
    const picture = (png: Uint8Array, alt: string, caption: string) =>
      `<figure><img src="data:image/png;base64,${Buffer.from(png).toString('base64')}" alt="${alt}"><figcaption>${caption}</figcaption></figure>`;
    return (
      `<li><div>${picture(clean, `Image ${example} as it is: ${named(y)}, which the model says too`, `as it is: ${named(y)}`)}` +
      `${picture(adversarial, `Image ${example} after the attack, changed by ${change}; the model says ${named(predicted)}`, `after: ${named(predicted)}`)}` +
      `${picture(changed, `The change of image ${example}, enlarged`, `the change × ${Number(enlarged.toPrecision(2))}`)}</div>` +
      `<p class="soft">Image ${example}, changed by ${change}</p></li>`
    );
  });
  return `<h2>Images</h2>\n<p>The first that were broken: as they are, with the smallest change that was found and confirmed, and that change enlarged (grey: none).</p>\n<ul class="pairs${Math.max(height, width) <= SMALL ? ' small' : ''}">${items.join('\n')}</ul>`;
}

function memory(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function provenance({ result, command }: ReportData): string {
  const { model, dataset, suite, backend, code, run, seed, digest } = result;
  const rows = [
    [
      'model',
      `${escaped(model?.file ?? result.submission.id)}, SHA-256 <code>${model?.sha256 ?? result.submission.digest}</code>`,
    ],
    ['data', `${escaped(dataset.id)}, digest <code>${dataset.digest}</code>`],
    ['suite', `${escaped(suite.id)}, digest <code>${suite.digest}</code>, seed ${seed}`],
    ['backend', escaped(`${backend.name}, ${backend.device}`)],
    ['code', `<code>${escaped(code.commit)}</code>`],
    ['run', escaped(`${run.date}, ${duration(run.seconds)}, ${run.host}, ${memory(run.peakMemoryBytes)} of memory`)],
    ['result', `digest <code>${digest}</code>`],
    ['again', `<code>${escaped(command)}</code>`],
  ];
  const notes = (model?.notes ?? []).map((note) => `<p class="soft">Of the model file: ${escaped(note)}.</p>`);
  return `<h2>How it was measured</h2>\n${notes.join('')}${tableOf('What decides these numbers', ['what', 'which'], rows, [])}`;
}
