import type { InspectOutcome } from '#core/evaluation/tasks.ts';
import type { SentSubmission } from '#core/models/sent-model.ts';
import { jobOf } from './prepare.ts';
import { withPool } from './session.ts';

/**
 * Opens a submission in a worker process, and asks what it takes and gives.
 * @param digest of the submission
 * @throws ParapetError 'submission' that says what is wrong with it, or that its scores are not those of its reference
 */
export async function inspectSubmission(sent: SentSubmission, digest: string): Promise<InspectOutcome> {
  const nothing = { x: new Float32Array(), y: new Int32Array(), count: 0 };
  const job = jobOf(sent, digest, [], { examples: nothing, classes: sent.submission.form.classes });
  return withPool({ backend: 'wasm', processes: 1 }, (pool) => pool.run(job, { kind: 'inspect' }, [0, 0]));
}
