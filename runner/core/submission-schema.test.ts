import { expect, test } from 'vitest';
import { externalKind } from './external-evaluation.ts';
import { architectures } from './models/index.ts';
import { submissionJsonSchema } from './submission-schema.ts';
import { tracks } from './tracks.ts';

test('docs/submission.schema.json is what the code gives; npx vitest run runner/core/submission-schema.test.ts -u writes it anew', async () => {
  const text = `${JSON.stringify(submissionJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../docs/submission.schema.json');
});

test('an editor is told what may stand where an id is wanted, in a manifest of either kind', () => {
  const schema = submissionJsonSchema() as Record<'then' | 'else', { properties: Record<string, object> }>;
  const { model } = schema.else.properties as { model: { oneOf: object[] } };
  expect(model.oneOf[0]).toMatchObject({ properties: { architecture: { enum: architectures.map(({ id }) => id) } } });
  expect(schema.then.properties['kind']).toMatchObject({ const: externalKind });
  expect(schema.then.properties['of']).toMatchObject({ properties: { track: { enum: tracks.map(({ id }) => id) } } });
});
