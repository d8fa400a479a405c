import { z } from 'zod';
import { digestOf } from './digest.ts';
import { norms } from './projections.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');
const fraction = z.number().min(0).max(1);
const count = z.int().min(0);

/** A proportion with its 95 % Wilson interval; fractions, never percent. */
export const proportionSchema = z.strictObject({ value: fraction, low: fraction, high: fraction });

const pairsSchema = z.strictObject({ attempted: count, successes: count, successRate: proportionSchema });

const attackResultSchema = z.strictObject({
  id: z.string(),
  attack: z.string(),
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  targets: z.enum(['untargeted', 'runner-up', 'least-likely', 'all']),
  /** The submissions that a transfer attack crafted on, as they were; absent for every other. */
  surrogates: z.array(z.strictObject({ id: z.string(), digest: sha256 })).optional(),
  /** The file that an attack of a person's own comes from; absent for every other. */
  file: z.strictObject({ name: z.string(), sha256 }).optional(),
  /** Examples that the attack met. */
  attempted: count,
  /** Of all examples, those right and not broken by this attack within the track's ball. */
  robustAccuracy: proportionSchema,
  /** Of the attempted that were first classified right, those that this attack broke in its own ball. */
  successRate: proportionSchema,
  /** Norm of `medianDistance`: the one that the attack minimises, else the track's. */
  norm: z.enum(norms),
  /** Median distance of the successes (rows of examples first classified right); null without a success. */
  medianDistance: z.number().min(0).nullable(),
  /** Image-target pairs; null for an untargeted attack. */
  pairs: pairsSchema.nullable(),
  seconds: z.number().min(0),
  forwardCalls: count,
  gradientCalls: count,
});

/** How `certifiedAccuracy` came about; absent where it is null. */
const certificateSchema = z.strictObject({
  method: z.string(),
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** Examples that were certified or not: so many from the first of those attacked. */
  examples: count,
  /** Worst case over the suite of these examples: the upper bound beside the lower one. */
  robustAccuracy: proportionSchema,
  /** Examples that count as not certified because an attack broke them, or they were wrong, which a certificate by chance allows. */
  contradicted: count,
  /** Mean over these examples of the radius that is proven, 0 where none is; null for a method that looks at one radius only. */
  meanRadius: z.number().min(0).nullable(),
});

export const flagSchema = z.strictObject({
  id: z.string(),
  level: z.enum(['info', 'warning', 'failure']),
  message: z.string(),
  value: z.number().nullable(),
});

/**
 * A published result. `digest` is the SHA-256 of the RFC 8785 form without `digest`, times, dates, memory and host,
 * so that a resumed or sharded run has the digest of an uninterrupted one.
 */
export const resultSchema = z.strictObject({
  schemaVersion: z.literal(1),
  digest: sha256,
  /** What was evaluated; of a model file the `id` is its name, and the `digest` is over what `model` says. */
  submission: z.strictObject({
    id: z.string(),
    digest: sha256,
    /** What `digest` is over, each by itself; absent for a model file, and in older results. */
    manifestDigest: sha256.optional(),
    weightsDigest: sha256.optional(),
  }),
  /** The model file of a person's own that was evaluated; absent for a submission. */
  model: z
    .strictObject({
      file: z.string(),
      sha256,
      /** Of the file with its weights, where they lie beside it. */
      weightsSha256: sha256.optional(),
      /** What safetensors are weights of; absent for ONNX, which says so itself. */
      architecture: z.string().optional(),
      /** What was decided about the file that it does not say. */
      notes: z.array(z.string()),
    })
    .optional(),
  /** Id of a track; of data of a person's own, a name made of the data and `threat`. */
  track: z.string(),
  /** What the attacker may do on data of a person's own; a track says so itself. */
  threat: z.strictObject({ norm: z.enum(norms), epsilon: z.number().positive() }).optional(),
  suite: z.strictObject({ id: z.string(), digest: sha256 }),
  backend: z.strictObject({
    name: z.enum(['wasm', 'native', 'cuda', 'webgpu']),
    device: z.string(),
    versions: z.record(z.string(), z.string()),
    precision: z.enum(['float32', 'tf32', 'float16']),
    denormals: z.enum(['kept', 'flushed']),
    threads: z.int().min(1),
  }),
  code: z.strictObject({ commit: z.string(), lockfileDigest: sha256 }),
  dataset: z.strictObject({
    id: z.string(),
    /** 'own': data of a person's own, which nobody else need have. */
    split: z.enum(['train', 'test', 'own']),
    digest: sha256,
    /** Names of the classes of a person's own data, where they are known. */
    classNames: z.array(z.string()).optional(),
    /** What was done to the data before it was used. */
    notes: z.array(z.string()).optional(),
  }),
  seed: z.int(),
  /** Examples attacked. */
  examples: count,
  /** Of the examples attacked; of the whole test set where the suite picks examples that are classified right. */
  cleanAccuracy: proportionSchema,
  /** Worst case over the suite, per example, of all examples. */
  robustAccuracy: proportionSchema,
  /** Of the examples of `certificate`, those proven right everywhere in the ball; null without a certificate. */
  certifiedAccuracy: proportionSchema.nullable(),
  certificate: certificateSchema.optional(),
  attacks: z.array(attackResultSchema),
  pairs: pairsSchema.nullable(),
  /** From the smallest verified distance per example; at the track's epsilon it equals `robustAccuracy`. */
  curve: z.array(z.strictObject({ epsilon: z.number().min(0), robustAccuracy: fraction })),
  flags: z.array(flagSchema),
  /** What the probes measured, by their ids; absent in results from before every evaluation had some. */
  probes: z.record(z.string(), z.record(z.string(), z.number())).optional(),
  evidence: z.strictObject({
    file: z.string(),
    digest: sha256,
    /** Root of the Merkle tree over the records of all examples (`evidence/records.ts`); absent in results from before there was one. */
    root: sha256.optional(),
    /** Adversarial images in the file: each confirmed by an independent backend before it was counted. */
    verified: count,
    /** The backend that confirmed them. */
    backend: z.string(),
  }),
  /** Not part of the digest: when, how long, and on what. */
  run: z.strictObject({ date: z.iso.datetime(), seconds: z.number().min(0), host: z.string(), peakMemoryBytes: count }),
});

export type Proportion = z.infer<typeof proportionSchema>;
export type AttackResult = z.infer<typeof attackResultSchema>;
export type Flag = z.infer<typeof flagSchema>;
export type Result = z.infer<typeof resultSchema>;

/** Digest of a result: everything in it except the digest itself, times, dates, memory and host. */
export function resultDigest(result: Result | Omit<Result, 'digest' | 'run'>): string {
  const { digest: _digest, run: _run, ...rest } = result as Result;
  return digestOf({ ...rest, attacks: rest.attacks.map(({ seconds: _seconds, ...attack }) => attack) });
}
