/**
 * What an external evaluation declares about itself: somebody's adversarial examples for a row of the board. Its folder holds
 * data only, as that of a defense does, and its manifest is told from a defense's by `kind`.
 */
import { z } from 'zod';
import { didYouMean } from './closest.ts';
import { https, idSchema, line, paperSchema, paragraph } from './submission.ts';
import { type Mistake, parseBy } from './submission-mistakes.ts';
import { fileName } from './submission-models.ts';
import { tracks } from './tracks.ts';

/** What the manifest of an external evaluation has in its field `kind`; that of a defense has no such field. */
export const externalKind = 'external-evaluation';

/** submission.yaml of an external evaluation: the fields, and what they may hold. */
export const externalEvaluationSchema = z.strictObject({
  kind: z.literal(externalKind),
  id: idSchema.describe('AuthorYearWord; also the name of the folder'),
  name: line.describe('Name of the attack, as it should stand on the board'),
  description: paragraph.default('').describe('How the examples were made, in a few sentences'),
  authors: z.array(line).min(1).max(50),
  paper: paperSchema.nullable().default(null),
  code: https.optional().describe('Where the code of the attack is'),
  licence: line.max(100).describe('SPDX identifier of the licence of the examples'),
  contact: line.optional(),
  of: z
    .strictObject({
      submission: idSchema.describe('Id of the defense'),
      track: z.string().describe('The track whose ball the examples keep to'),
    })
    .describe('The row that the examples are for'),
  examples: z
    .strictObject({
      file: fileName,
      sha256: z.string().regex(/^[0-9a-f]{64}$/, 'wanted 64 digits of 0-9 and a-f, as sha256sum prints them'),
    })
    .describe('Safetensors with the adversarial examples'),
});

export type ExternalEvaluation = z.infer<typeof externalEvaluationSchema>;

/**
 * @param value what submission.yaml says, as JSON could
 * @returns the external evaluation, or every mistake in it at once
 */
export function parseExternal(value: unknown): { data: ExternalEvaluation } | { mistakes: readonly Mistake[] } {
  const parsed = parseBy(externalEvaluationSchema, value);
  if ('mistakes' in parsed) return parsed;
  const { track } = parsed.data.of;
  const ids = tracks.map(({ id }) => id);
  if (ids.includes(track)) return parsed;
  const way = didYouMean(track, ids) || `; wanted ${ids.join(', ')}`;
  return { mistakes: [{ path: ['of', 'track'], message: `there is no '${track}'${way}` }] };
}

/**
 * What a manifest says that it is. @returns null for a defense, which says nothing
 */
export function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : null;
}
