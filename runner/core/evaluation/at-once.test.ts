import { expect, it } from 'vitest';
import { imagesAtOnce } from './at-once.ts';

it('leaves small images as they are, and takes large ones in groups that workers can share', () => {
  expect(imagesAtOnce(28 * 28, 500)).toBe(500);
  expect(imagesAtOnce(32 * 32 * 3, 500)).toBe(500);
  expect(imagesAtOnce(224 * 224 * 3, 500)).toBe(13);
  expect(imagesAtOnce(2048 * 2048 * 3, 500)).toBe(1);
});
