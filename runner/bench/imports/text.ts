import { table } from '../../cli/output.ts';
import type { Measured } from './compare.ts';

/** All that was measured as a table: median milliseconds of a batch, and ratios. */
export function describeImports(all: readonly Measured[]): string {
  const header = [
    'net',
    'images',
    'pass',
    'backend',
    'zoo',
    'import',
    'PyTorch',
    'import ÷ zoo',
    'of all cores',
    'PyTorch ÷ import',
  ];
  const rows = all.map(({ architecture, batch, pass, backend, zoo, import: imported, torch, ...ratios }) => [
    architecture,
    String(batch),
    pass,
    backend,
    ...[zoo, imported, torch].map(({ median }) => `${median.toFixed(1)} ms`),
    ratios.importOverZoo.toFixed(2),
    ratios.importOverZooCores.toFixed(2),
    ratios.torchOverImport.toFixed(2),
  ]);
  return table(header, rows, [1, 4, 5, 6, 7, 8, 9]);
}
