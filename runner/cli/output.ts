/** What commands print: data on stdout, progress on stderr, nothing that a name from a submission could steer a terminal with. */
import { styleText } from 'node:util';
import { ParapetError } from '#core/errors.ts';
import { MOST_SEED } from '#core/random.ts';

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Text without control and bidirectional formatting characters, which could rewrite what a terminal shows. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�');
}

/** Columns a text takes in a terminal: wide East Asian characters and emoji take two, combining marks none. */
function columns(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    width += /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u.test(segment)
      ? 2
      : 1;
  }
  return width;
}

/**
 * Rows under a header, in aligned columns.
 * @param right indices of the columns that are numbers
 */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const cells = [header, ...rows].map((row) => row.map(plain));
  const widths = header.map((_, i) => Math.max(...cells.map((row) => columns(row[i] ?? ''))));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat((widths[i] ?? 0) - columns(cell));
        return right.includes(i) ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
  const [first, ...others] = lines;
  return [styleText('bold', first ?? '', { stream: process.stdout }), ...others].join('\n');
}

/** Seconds as a person says them: 42 s, 3 min 5 s, 2 h 10 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export interface Progress {
  /** @param fraction of the whole that is done, in [0, 1] @param secondsLeft when a better estimate than the pace so far is known */
  update(label: string, fraction: number, secondsLeft?: number): void;
  /** A line that stays. */
  note(text: string): void;
  stop(): void;
}

const PLAIN_INTERVAL_MS = 10_000;
const TERMINAL_INTERVAL_MS = 100;

/** One line on stderr, rewritten in a terminal and repeated every ten seconds elsewhere. */
export function startProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const started = performance.now();
  let shown = stream.isTTY ? -Infinity : started;
  /** Where the work stood when it was first heard of: what an earlier run had done says nothing of the pace. */
  let first: { readonly at: number; readonly fraction: number } | undefined;
  let open = false;
  const clear = () => {
    if (open) stream.write('\r\x1b[K');
    open = false;
  };
  return {
    update(label, fraction, secondsLeft) {
      const now = performance.now();
      first ??= { at: now, fraction };
      if (now - shown < (stream.isTTY ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS)) return;
      shown = now;
      const elapsed = (now - started) / 1000;
      const done = fraction - first.fraction;
      const left = secondsLeft ?? (done > 0 ? ((now - first.at) / 1000 / done) * (1 - fraction) : undefined);
      const ending = left === undefined ? '' : `, about ${duration(left)} left`;
      const line = `${plain(label)}: ${Math.floor(100 * fraction)} % after ${duration(elapsed)}${ending}`;
      if (stream.isTTY) {
        clear();
        stream.write(line.slice(0, Math.max(20, (stream.columns ?? 80) - 1)));
        open = true;
      } else stream.write(`${line}\n`);
    },
    note(text) {
      clear();
      stream.write(`${plain(text)}\n`);
    },
    stop: clear,
  };
}

/** @throws ParapetError 'usage' unless the text is a whole number of at least `least` and, where that is given, at most `most` */
export function wholeNumber(option: string, text: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    const wanted = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new ParapetError('usage', `${option}: '${plain(text)}'; wanted a whole number ${wanted}`);
  }
  return value;
}

/** @throws ParapetError 'usage' unless the text is a seed as a manifest may name one: draws use 32 bits of it and no more */
export function seedNumber(text: string): number {
  return wholeNumber('--seed', text, 0, MOST_SEED);
}
