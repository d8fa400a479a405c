import type { AttackResult, Result } from '#core/result.ts';
import { threatOf } from '#core/tracks.ts';
import { duration, plain, table } from './output.ts';
import { percent } from './result-table.ts';

/** A result on one screen, for somebody who has never seen one: what it says, and where each word is explained. */
export function ownSummary(result: Result): string {
  const { model, examples, suite, backend, run, flags, dataset } = result;
  const strongest = strongestOf(result.attacks);
  const rows = [
    ['clean accuracy', percent(result.cleanAccuracy), 'right before any attack'],
    ['robust accuracy', percent(result.robustAccuracy), 'right after every attack'],
    ...(strongest === undefined
      ? []
      : [[`strongest: ${strongest.id}`, percent(strongest.robustAccuracy), 'what this attack alone leaves right']]),
  ];
  const warnings = flags.filter(({ level }) => level !== 'info');
  const lines = [
    plain(`${model?.file ?? result.submission.id} · ${threatOf(result).title}`),
    plain(
      `${examples} image${examples === 1 ? '' : 's'}, suite ${suite.id}, ${backend.name}, ${duration(run.seconds)}`,
    ),
    '',
    table(['', 'share [95 % interval]', ''], rows, [1]),
    '',
    ...(warnings.length === 0 ? ['No warning signs.'] : ['Warning signs:']),
    ...warnings.flatMap(({ id, message }) => [plain(`  ${message}`), plain(`    docs/diagnostics.md#${id}`)]),
    ...flags.filter(({ level }) => level === 'info').map(({ message }) => plain(`Note: ${message}.`)),
    ...(dataset.notes ?? []).map((note) => plain(`Note: ${note}.`)),
    '',
    'The numbers: docs/definitions.md. The attacks: docs/suites.md.',
  ];
  return lines.join('\n');
}

/** The attack that leaves the fewest right, of all examples; the first of equals. */
function strongestOf(attacks: readonly AttackResult[]): AttackResult | undefined {
  const most = Math.max(...attacks.map(({ attempted }) => attempted));
  return attacks
    .filter(({ attempted }) => attempted === most)
    .sort((a, b) => a.robustAccuracy.value - b.robustAccuracy.value)[0];
}
