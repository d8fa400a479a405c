import { setTimeout } from 'node:timers/promises';
import { ParapetError } from '#core/errors.ts';
import type { Timer } from '../timer.ts';
import { REST_MS, ratio, type Times, timesOf, WARM_UP } from '../times.ts';
import { type Kind, kinds, type Request, type Response, type TrainedFiles } from './nets.ts';

type StepTimer = Timer<Request, Response>;

/** Steps of training of one net, here and in PyTorch. */
export interface Measured {
  readonly architecture: string;
  readonly kind: Kind;
  readonly ours: Times;
  readonly torch: Times;
  /** PyTorch's time over ours by the clock, median of the rounds. */
  readonly torchOverOurs: number;
  /** The same of the time of all cores. */
  readonly torchOverOursCores: number;
}

/** Largest difference of the losses, as a share, that is still rounding. */
const SAME_LOSS = 1e-3;

/**
 * Lets both sides take turns.
 * @param rounds how often each kind of step of each net is timed, after two times that do not count
 * @throws ParapetError 'integrity' when PyTorch does not train as we do
 */
export async function compareTraining(
  nets: readonly Pick<TrainedFiles, 'architecture'>[],
  timers: { readonly ours: StepTimer; readonly torch: StepTimer },
  rounds: number,
  say: (text: string) => void,
): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const { architecture } of nets) {
    for (const kind of kinds) {
      say(`${architecture}, ${kind}`);
      const taken = { ours: [] as Response[], torch: [] as Response[] };
      for (let round = -WARM_UP; round < rounds; round++) {
        // Whoever comes second finds other caches: they change places.
        const order = round % 2 === 0 ? (['ours', 'torch'] as const) : (['torch', 'ours'] as const);
        const said = new Map<keyof typeof taken, Response>();
        for (const side of order) {
          said.set(side, await timers[side].ask({ architecture, kind }));
          await setTimeout(REST_MS);
        }
        if (round === -WARM_UP && kind === 'standard') requireSameLoss(architecture, said);
        if (round >= 0) for (const [side, response] of said) taken[side].push(response);
      }
      measured.push({
        architecture,
        kind,
        ours: timesOf(taken.ours),
        torch: timesOf(taken.torch),
        torchOverOurs: ratio(taken.torch, taken.ours, 'milliseconds'),
        torchOverOursCores: ratio(taken.torch, taken.ours, 'coreMilliseconds'),
      });
    }
  }
  return measured;
}

/** PGD starts at random points, which are others in PyTorch: its losses are not compared. */
function requireSameLoss(architecture: string, said: ReadonlyMap<string, Response>): void {
  const [ours, torch] = ['ours', 'torch'].map((side) => said.get(side)?.loss ?? Number.NaN) as [number, number];
  if (Math.abs(ours - torch) <= SAME_LOSS * Math.abs(torch)) return;
  throw new ParapetError(
    'integrity',
    `${architecture}: mean loss of the steps is ${ours} here and ${torch} in PyTorch`,
  );
}
