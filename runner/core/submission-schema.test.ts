import { expect, test } from 'vitest';
import { architectures } from './models/index.ts';
import { submissionJsonSchema } from './submission-schema.ts';

test('docs/submission.schema.json is what the code gives; npx vitest run -u runner/core/submission-schema.test.ts writes it anew', async () => {
  const text = `${JSON.stringify(submissionJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../docs/submission.schema.json');
});

test('an editor is told what may stand where an id is wanted', () => {
  const { properties } = submissionJsonSchema() as { properties: Record<string, { oneOf: object[] }> };
  const [safetensors] = (properties['model'] as { oneOf: object[] }).oneOf;
  expect(safetensors).toMatchObject({ properties: { architecture: { enum: architectures.map(({ id }) => id) } } });
});
