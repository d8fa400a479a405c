import { expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { ownSummary } from './own-summary.ts';

const zero = '0'.repeat(64);
const share = (value: number) => ({ value, low: value, high: value });
const attack = (id: string, left: number, attempted: number) => ({ id, attempted, robustAccuracy: share(left) });

it('names the strongest of the attacks that met every image, and each warning sign with where it is explained', () => {
  const result = {
    model: { file: 'net\u001b[31m.onnx', sha256: zero, notes: [] },
    submission: { id: 'net', digest: zero },
    track: 'photos-linf-0.1',
    threat: { norm: 'Linf', epsilon: 0.1 },
    suite: { id: 'v1', digest: zero },
    backend: { name: 'wasm' },
    dataset: { id: 'photos', split: 'own', digest: zero, notes: ['2 pictures were scaled'] },
    examples: 200,
    cleanAccuracy: share(0.9),
    robustAccuracy: share(0.4),
    // The last one met only 100 images, so its share cannot be held against the others'.
    attacks: [attack('pgd', 0.6, 200), attack('apgd', 0.5, 200), attack('noise', 0.1, 100)],
    flags: [
      { id: 'zero-gradients', level: 'warning', message: 'All gradients are zero', value: 1 },
      { id: 'partial', level: 'info', message: '200 of 1000', value: 200 },
    ],
    run: { seconds: 61 },
  } as unknown as Result;
  const lines = ownSummary(result).split('\n');
  expect(lines[0]).toBe('net�[31m.onnx · photos, L∞ ≤ 0.1');
  expect(lines[1]).toBe('200 images, suite v1, wasm, 1 min 1 s');
  expect(lines.find((line) => line.startsWith('strongest'))).toMatch(/^strongest: apgd +50\.0 %/);
  const sign = lines.indexOf('  All gradients are zero');
  expect(lines[sign + 1]).toBe('    docs/diagnostics.md#zero-gradients');
  expect(lines).toContain('Note: 2 pictures were scaled.');
  expect(lines.join('')).not.toContain('No warning signs');
});
