import { expect, it } from 'vitest';
import { readFlagTexts } from './flag-texts.ts';

it('every section of docs/diagnostics.md says what its sign means and what to do about it', async () => {
  const texts = await readFlagTexts();
  expect(texts.size).toBeGreaterThan(20);
  for (const [id, { means, whatToDo }] of texts) {
    expect.soft(id).toMatch(/^[a-z][a-z-]+$/);
    expect.soft(means, id).toMatch(/^\S.{20,}[.:]$/);
    expect.soft(whatToDo, id).toMatch(/^\S.{10,}$/);
    expect.soft(`${means}${whatToDo}`, id).not.toMatch(/\*\*|[Aa]s above/);
  }
});
