import type { AttackTask, CertifyTask, ProbeTask, Task } from '#core/evaluation/tasks.ts';
import { taskCost } from './cost.ts';
import { forecast } from './forecast.ts';
import type { TaskProgress } from './messages.ts';

/** How far a session is; told of attacks, probes and certificates, the only tasks that take long. */
export interface Tally {
  plan(tasks: readonly Task[]): void;
  /** A task that is under way. */
  within(task: Task, progress: TaskProgress): void;
  /** @param seconds null for what an earlier run had done */
  done(task: Task, seconds: number | null): void;
  /** Images are handed to those that confirm. @returns what to call when these have answered */
  confirming(images: number): () => void;
}

export interface Standing {
  readonly doneTasks: number;
  readonly plannedTasks: number;
  /** Share of the expected time, in [0, 1]. */
  readonly share: number;
  /** null while nothing is known. */
  readonly secondsLeft: number | null;
}

/** Share of its cost that a task may have spent before it is done. */
const MOST = 0.95;

/** @param tell called whenever something has changed */
export function tally(workers: number, tell: (standing: Standing) => void): Tally {
  const time = forecast();
  /** When images were last confirmed, in seconds: many are asked for at once and wait for each other. */
  let lastConfirmed = 0;
  /** What was announced of each probe: which line it will run is not known before. */
  const probes = new Map<string, { cost: number; tasks: number }>();
  const begun = new Map<Task, { cost: number; seconds: number }>();
  let doneTasks = 0;
  let plannedTasks = 0;
  const changed = () => tell({ doneTasks, plannedTasks, share: time.share(), secondsLeft: time.secondsLeft(workers) });
  const costOf = (task: LongTask) => {
    const announced = task.kind === 'probe' ? probes.get(task.probe) : undefined;
    return announced === undefined ? taskCost(task) : announced.cost / announced.tasks;
  };
  return {
    plan(tasks) {
      for (const task of tasks.filter(isLong)) {
        const cost = taskCost(task);
        plannedTasks++;
        time.plan(kindOf(task), cost);
        if (task.kind !== 'probe') continue;
        const before = probes.get(task.probe) ?? { cost: 0, tasks: 0 };
        probes.set(task.probe, { cost: before.cost + cost, tasks: before.tasks + 1 });
      }
      changed();
    },
    within(task, { gradients, seconds }) {
      if (!isLong(task)) return;
      const before = begun.get(task) ?? { cost: 0, seconds: 0 };
      const cost = Math.min(gradients, MOST * costOf(task));
      if (cost > before.cost) {
        time.done(kindOf(task), cost - before.cost, Math.max(0, seconds - before.seconds));
        begun.set(task, { cost, seconds });
      }
      changed();
    },
    done(task, seconds) {
      if (!isLong(task)) return;
      const before = begun.get(task) ?? { cost: 0, seconds: 0 };
      begun.delete(task);
      doneTasks++;
      const left = seconds === null ? null : Math.max(0, seconds - before.seconds);
      time.done(kindOf(task), costOf(task) - before.cost, left);
      changed();
    },
    confirming(images) {
      plannedTasks++;
      time.plan('confirm', images);
      changed();
      const asked = performance.now() / 1000;
      return () => {
        const now = performance.now() / 1000;
        doneTasks++;
        // The forecast shares the time left among the workers.
        time.done('confirm', images, workers * (now - Math.max(asked, lastConfirmed)));
        lastConfirmed = now;
        changed();
      };
    },
  };
}

type LongTask = AttackTask | ProbeTask | CertifyTask;

function isLong(task: Task): task is LongTask {
  return task.kind === 'attack' || task.kind === 'probe' || task.kind === 'certify';
}

function kindOf(task: LongTask): string {
  if (task.kind === 'certify') return task.kind;
  return task.kind === 'attack' ? `attack/${task.line.id}` : `probe/${task.probe}`;
}
