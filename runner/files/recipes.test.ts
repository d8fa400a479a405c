import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readSubmission } from './submissions.ts';

const folder = fileURLToPath(new URL('../../recipes/', import.meta.url));
const ids = await readdir(folder);

test.each(ids)('the recipe %s is one that train takes', async (id) => {
  const { submission, sent } = await readSubmission(`${folder}${id}`);
  expect(submission.recipe).toBeDefined();
  expect(sent).toBeNull();
});
