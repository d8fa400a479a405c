import type { Estimate } from '#core/claims/estimate.ts';
import type { JudgedClaim, JudgedFigure } from '../files/judge-claim.ts';
import { plain, table } from './output.ts';
import { percent } from './result-table.ts';

/** A paper as a person reads it: what it is, how it was measured, figure by figure. */
export function claimTable(
  { title, paper, protocol, verdict, experiments, figures }: JudgedClaim,
  all: boolean,
): string {
  const parts = [`${title}: ${verdict}`, paper, protocol];
  const groups = [{ id: null, title: null, protocol: null }, ...experiments];
  let left = 0;
  for (const group of groups) {
    const own = figures.filter(({ experiment }) => experiment === group.id);
    const shown = own.filter(({ ours }) => all || ours !== null);
    left += own.length - shown.length;
    if (shown.length === 0) continue;
    if (group.title !== null) parts.push('', group.title, group.protocol);
    parts.push(table(['figure', 'theirs [95 %]', 'ours [95 %]', 'verdict'], shown.map(row), [1, 2]));
  }
  if (left > 0) parts.push(`${left} more figures are not measured here (--all lists them)`);
  return `${parts.join('\n')}\n`;
}

function row({ title, theirs, ours, verdict }: JudgedFigure): string[] {
  return [plain(title), estimate(theirs), estimate(ours), verdict];
}

function estimate(of: Estimate | null): string {
  if (of === null) return '–';
  if (of.unit === 'share') return percent(of);
  const number = (value: number) => String(Number(value.toPrecision(3)));
  return `${number(of.value)} [${number(of.low)}, ${number(of.high)}]`;
}
