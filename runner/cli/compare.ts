import type { Command } from 'commander';
import { type Comparison, SIGNIFICANCE } from '#core/metrics/comparison.ts';
import type { Comparable } from '../files/compare-results.ts';

export function register(program: Command): void {
  program
    .command('compare')
    .description('compare two results image by image: which model is more robust, and whether chance explains it')
    .argument('<first>', 'a result, such as out/quick/mnist-linf-0.3/old.json; its evidence lies beside it')
    .argument('<second>', 'another, of the same data, threat model and suite')
    .option('--json', 'print what was found as JSON, with the outcome of every image', false)
    .addHelpText(
      'after',
      '\nThe test is McNemar’s, exact and two-sided: docs/definitions.md#comparing-two-models.\n' +
        'Example: npm run -s parapet -- compare results/quick/mnist-linf-0.3/Undefended.json out/quick/mnist-linf-0.3/model.json',
    )
    .action(run);
}

async function run(first: string, second: string, { json }: { json: boolean }): Promise<void> {
  const { compareResults, readComparable } = await import('../files/compare-results.ts');
  const { plain, printJson, table } = await import('./output.ts');
  const { percent } = await import('./result-table.ts');

  const both = [await readComparable(first), await readComparable(second)] as const;
  const compared = compareResults(...both);
  if (json) {
    const [one, other] = both.map(({ standings }) => standings) as [Standings, Standings];
    const images = [...one.keys()]
      .filter((position) => other.has(position))
      .map((example) => ({ example, first: one.get(example), second: other.get(example) }));
    return printJson({ ...compared, images });
  }
  const [a, b] = both.map(({ result }) => plain(result.submission.id)) as [string, string];
  const rows = [
    [a, percent(compared.first), list(compared.onlyFirst)],
    [b, percent(compared.second), list(compared.onlySecond)],
  ];
  const header = [
    `the same ${compared.examples} images`,
    'robust accuracy [95 %]',
    'right after every attack here alone',
  ];
  process.stdout.write(`${table(header, rows, [1])}\n${verdict(compared, a, b)}\n`);
}

type Standings = Comparable['standings'];

/** In a sentence which of the two is more robust. */
export function verdict({ onlyFirst, onlySecond, p }: Comparison, a: string, b: string): string {
  const counts = `${onlyFirst.length} images stand only in ${a}, ${onlySecond.length} only in ${b}`;
  const chance = `p = ${p < 0.0001 ? p.toExponential(1) : p.toFixed(4)} by McNemar’s test`;
  if (onlyFirst.length === 0 && onlySecond.length === 0) return 'No image tells them apart.';
  const [better, worse] = onlyFirst.length > onlySecond.length ? [a, b] : [b, a];
  return p < SIGNIFICANCE
    ? `${better} is more robust than ${worse}: ${counts} (${chance}).`
    : `Chance may explain the difference: ${counts} (${chance}).`;
}

/** Positions of images, as many as fit into a line. */
function list(positions: readonly number[]): string {
  const shown = positions.slice(0, 12).join(' ');
  const count = `${positions.length} image${positions.length === 1 ? '' : 's'}`;
  if (positions.length === 0) return count;
  return `${count}: ${shown}${positions.length > 12 ? ' …' : ''}`;
}
