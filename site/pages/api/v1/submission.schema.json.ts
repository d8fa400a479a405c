import { submissionJsonSchema } from '#core/submission-schema.ts';

/** What submission.yaml may hold, as JSON Schema for editors. */
export function GET(): Response {
  return Response.json(submissionJsonSchema());
}
