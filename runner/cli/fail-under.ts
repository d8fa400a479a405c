import { ParapetError } from '#core/errors.ts';
import type { Result } from '#core/result.ts';
import { plain } from './output.ts';
import { percent } from './result-table.ts';

/**
 * @param text of --fail-under: a fraction, or percent with its sign; undefined asks nothing
 * @returns what looks at a result, and sets exit code 1 where its robust accuracy is below
 * @throws ParapetError 'usage' for what is neither
 */
export function failUnder(text: string | undefined): (result: Result) => void {
  if (text === undefined) return () => {};
  const least = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() === '' || !(least >= 0 && least <= 1)) {
    throw new ParapetError('usage', `--fail-under: '${plain(text)}'; wanted a fraction such as 0.4, or 40%`);
  }
  return ({ submission, track, robustAccuracy }) => {
    if (robustAccuracy.value >= least) return;
    const name = plain(`${submission.id} on ${track}`);
    process.stderr.write(
      `${name}: robust accuracy ${percent(robustAccuracy)} is under ${(100 * least).toFixed(1)} %\n`,
    );
    process.exitCode = 1;
  };
}
