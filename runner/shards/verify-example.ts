import { ParapetError } from '#core/errors.ts';
import { evidenceOf } from '#core/evidence/file.ts';
import { type ExampleProof, proveExample, provesExample } from '#core/evidence/records.ts';
import type { Result } from '#core/result.ts';
import { compareDigests } from '#core/verification/verify.ts';
import { checkPublication } from '../files/publications.ts';
import { readEvidence, readResult } from '../files/results.ts';
import { withPool } from './session.ts';
import { ownSubject } from './verify-own.ts';
import { submissionSubject, type VerifyOptions } from './verify-result.ts';

/**
 * The record of one example, with the proof that it stands in the evidence of a result. No number is counted again.
 * @param example position in the data set
 * @throws ParapetError 'usage' for an example that was not attacked; else as `verifyResult`, and 'integrity' for the first link that
 *   does not hold
 */
export async function verifyExample(
  path: string,
  example: number,
  options: VerifyOptions,
): Promise<{ result: Result; proof: ExampleProof }> {
  const result = await readResult(path);
  const bytes = await readEvidence(path, result);
  const refuse = (field: string, message: string): never => {
    throw new ParapetError('integrity', `${path} does not stand: ${field}: ${message}`);
  };
  const published = await checkPublication(path, result);
  if (published) refuse('log', published);
  const subject = await subjectOf(path, result, options);
  const [differing] = compareDigests({ ...subject, result });
  if (differing !== undefined) refuse(differing.field, differing.message);
  const proof = proveExample(evidenceOf(bytes, subject), subject.suite.suite.headline, example);
  if (proof === null) {
    throw new ParapetError(
      'usage',
      `--example: no attack of ${path} met example ${example} of ${result.dataset.id}`,
      'the number is the position in the data set, from 0',
    );
  }
  const { root = proof.root } = result.evidence;
  if (!provesExample({ ...proof, root })) refuse('evidence.root', `${root}; the records have ${proof.root}`);
  return { result, proof };
}

/** Only a model file has to be opened, to know what images it takes. */
async function subjectOf(path: string, result: Result, options: VerifyOptions) {
  const { model } = result;
  if (model === undefined) return (await submissionSubject(result, options)).subject;
  return withPool({ ...options, backend: 'cpu', processes: 1 }, async (pool) => {
    return (await ownSubject(path, { ...result, model }, options.own ?? {}, pool)).subject;
  });
}
