/** The outcomes of an experiment as a safetensors file, with what they came from in its metadata. */
import { z } from 'zod';
import { ParapetError } from '../errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../models/safetensors.ts';
import { resultSchema } from '../result.ts';
import type { Outcomes } from './experiment.ts';

const FORMAT = 'parapet-claim-1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What outcomes depend on; circumstances such as dates are left out, so that the same run gives the same bytes. */
const provenanceSchema = z.strictObject({
  code: resultSchema.shape.code,
  backend: resultSchema.shape.backend,
  /** Digests of the splits of the data set, by name. */
  dataset: z.strictObject({ id: z.string(), train: sha256, test: sha256 }),
  seed: z.int(),
  /** SHA-256 of the weights of each net, by its id, and of each file of evidence that was counted anew. */
  nets: z.record(z.string(), sha256),
});
export type Provenance = z.infer<typeof provenanceSchema>;

export function outcomesFile(
  paper: string,
  experiment: string,
  outcomes: Outcomes,
  provenance: Provenance,
): Uint8Array {
  return encodeSafetensors(outcomes, {
    format: FORMAT,
    paper,
    experiment,
    provenance: JSON.stringify(provenanceSchema.parse(provenance)),
  });
}

/** @throws ParapetError 'integrity' when the bytes are no outcomes of this experiment */
export function outcomesOf(
  bytes: Uint8Array,
  paper: string,
  experiment: string,
): { outcomes: Outcomes; provenance: Provenance } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const came = ['format', 'paper', 'experiment'].map((key) => metadata.get(key));
  if (came.join() !== [FORMAT, paper, experiment].join()) {
    throw new ParapetError(
      'integrity',
      `outcomes of ${paper}/${experiment}: the file says it is ${came.join(', ')}`,
      `measure them again: claims run ${paper} --experiment ${experiment}`,
    );
  }
  const provenance = provenanceSchema.safeParse(JSON.parse(metadata.get('provenance') ?? 'null'));
  if (!provenance.success) {
    throw new ParapetError('integrity', `outcomes of ${paper}/${experiment}: provenance: ${provenance.error.message}`);
  }
  return { outcomes: Object.fromEntries(tensors), provenance: provenance.data };
}

/**
 * An array of outcomes by its name.
 * @throws ParapetError 'integrity' when there is none
 */
export function values(outcomes: Outcomes, name: string): Exclude<Outcomes[string]['data'], BigInt64Array> {
  const found = outcomes[name]?.data;
  if (found === undefined || found instanceof BigInt64Array) {
    throw new ParapetError('integrity', `outcomes: '${name}' is missing`, 'measure them again: claims run');
  }
  return found;
}
