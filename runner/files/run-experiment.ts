/** An experiment from nothing: its nets, then step after step, each on the disk before the next begins. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Claim } from '#core/claims/claim.ts';
import type { Experiment, Outcomes, StepContext } from '#core/claims/experiment.ts';
import { outcomesFile } from '#core/claims/outcomes-file.ts';
import { seen, type View } from '#core/claims/view.ts';
import type { Examples } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import { assertBackend, type BackendReport } from '../backends/index.ts';
import { claimEvidence } from './claim-evidence.ts';
import { type ReadyGan, readyGan } from './claim-gan.ts';
import { type ReadyNet, readyNet } from './claim-nets.ts';
import { outcomesPath } from './claims.ts';
import { codeIdentity } from './code.ts';
import { writeDurable } from './durable.ts';
import { throwIfInterrupted } from './interrupted.ts';
import { openJournal } from './journal.ts';
import { withLock } from './lock.ts';

/** A split of the data set with the digest of its files. */
type Split = Examples & { readonly digest: string };

export interface ExperimentRun {
  readonly claim: Pick<Claim, 'id'>;
  readonly experiment: Experiment;
  readonly data: { readonly id: string; readonly train: Split; readonly test: Split };
  /** Height and width of the images. */
  readonly side: number;
  readonly backend: BackendReport;
  /** Where the outcomes go. */
  readonly out: string;
  /** Where trained nets and journals lie. */
  readonly work: string;
  readonly signal?: AbortSignal;
  readonly onMessage?: (text: string) => void;
  /** Told how far the steps are, as a fraction of all. */
  readonly onProgress?: (label: string, fraction: number) => void;
}

/**
 * Runs what is left of an experiment and writes its outcomes.
 * @returns where they lie
 * @throws ParapetError 'interrupted' when the signal fires: the same call goes on after the last whole step
 */
export async function runExperiment(run: ExperimentRun): Promise<string> {
  const journal = join(run.work, run.claim.id, `${run.experiment.id}.journal`);
  return withLock(`${journal}.lock`, () => runWhatIsLeft(run, journal));
}

async function runWhatIsLeft(run: ExperimentRun, journalPath: string): Promise<string> {
  const { claim, experiment, backend, side, signal, onMessage = () => {} } = run;
  const { id: dataset, train, test } = run.data;
  // Before anything else: the program in memory is the code as it was then.
  const code = await codeIdentity();
  const nets = new Map<string, ReadyNet>();
  let gan: ReadyGan | null = null;
  try {
    for (const wanted of experiment.nets) {
      throwIfInterrupted(signal);
      const onEpoch = (id: string, epoch: number, epochs: number) => onMessage(`${id}: epoch ${epoch} of ${epochs}`);
      nets.set(
        wanted.id,
        await readyNet(wanted, { folder: join(run.work, 'nets'), backend, train, side, signal, onEpoch }),
      );
    }
    if (experiment.gan !== undefined) {
      const folder = join(run.work, 'gans');
      const onEpoch = (epoch: number, epochs: number) => onMessage(`gan: epoch ${epoch} of ${epochs}`);
      gan = await readyGan(experiment.gan, { folder, backend, dataset, train, side, signal, onEpoch });
    }
    const evidence = await claimEvidence(experiment.evidence ?? []);
    const weights = [...nets].map(([id, { sha256 }]): [string, string] => [id, sha256]);
    if (gan !== null) weights.push(['generator', gan.sha256]);
    for (const [id, { sha256 }] of evidence) weights.push([id, sha256]);
    const provenance = {
      code,
      backend,
      dataset: { id: dataset, train: train.digest, test: test.digest },
      seed: experiment.seed,
      nets: Object.fromEntries(weights),
    };
    const journal = await openJournal(
      journalPath,
      { experiment: experiment.id, protocol: experiment.protocol, ...provenance },
      'begin-anew',
    );
    try {
      if (journal.discarded.length > 0) onMessage(`${experiment.id}: begun anew, ${journal.discarded.join()} changed`);
      const found: Record<string, Outcomes[string]> = {};
      for (const [i, step] of experiment.steps.entries()) {
        let outcomes = journal.get(step.id) as Outcomes | undefined;
        if (outcomes === undefined) {
          outcomes = await step.run({
            ...contextOf(experiment, side, train, test, { nets, gan, evidence }),
            async pause(fraction) {
              run.onProgress?.(`${experiment.id}, ${step.id}`, (i + fraction) / experiment.steps.length);
              await setImmediate();
              throwIfInterrupted(signal);
            },
          });
          assertBackend();
          await journal.append(step.id, outcomes);
        }
        for (const [name, values] of Object.entries(outcomes)) found[`${step.id}.${name}`] = values;
        run.onProgress?.(experiment.id, (i + 1) / experiment.steps.length);
        throwIfInterrupted(signal);
      }
      const path = outcomesPath(run.out, claim.id, experiment.id);
      await writeDurable(path, outcomesFile(claim.id, experiment.id, found, provenance));
      return path;
    } finally {
      await journal.close();
    }
  } finally {
    for (const { classifier } of nets.values()) classifier.dispose();
  }
}

/** What the steps are given, besides the data. */
interface Ready {
  readonly nets: ReadonlyMap<string, ReadyNet>;
  readonly gan: ReadyGan | null;
  readonly evidence: Awaited<ReturnType<typeof claimEvidence>>;
}

function contextOf(
  { seed }: Experiment,
  side: number,
  train: Split,
  test: Split,
  { nets, gan, evidence }: Ready,
): Omit<StepContext, 'pause'> {
  return {
    seed,
    test(view?: View, limit = test.count) {
      const size = test.x.length / test.count;
      const some = { x: test.x.subarray(0, limit * size), y: test.y.subarray(0, limit), count: limit };
      return seen(some, side, view);
    },
    train: (view?: View) => seen(train, side, view),
    net(id) {
      const net = nets.get(id);
      if (net === undefined) throw new ParapetError('usage', `experiment: it names no net '${id}'`);
      return net.classifier;
    },
    gan() {
      if (gan === null) throw new ParapetError('usage', 'experiment: it names no generative adversarial net');
      return gan;
    },
    evidence(id) {
      const found = evidence.get(id);
      if (found === undefined) throw new ParapetError('usage', `experiment: it names no evidence '${id}'`);
      return found.tensors;
    },
  };
}
