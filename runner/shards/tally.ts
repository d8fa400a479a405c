import type { Task } from '#core/evaluation/tasks.ts';
import { taskCost } from './cost.ts';
import { forecast } from './forecast.ts';

/** How far a session is; told of attack tasks, the only ones that take long. */
export interface Tally {
  plan(tasks: readonly Task[]): void;
  /** @param seconds null for what an earlier run had done */
  done(task: Task, seconds: number | null): void;
}

export interface Standing {
  readonly doneTasks: number;
  readonly plannedTasks: number;
  /** Share of the expected time, in [0, 1]. */
  readonly share: number;
  /** null while nothing is known. */
  readonly secondsLeft: number | null;
}

/** @param tell called whenever something has changed */
export function tally(workers: number, tell: (standing: Standing) => void): Tally {
  const time = forecast();
  let doneTasks = 0;
  let plannedTasks = 0;
  const changed = () => tell({ doneTasks, plannedTasks, share: time.share(), secondsLeft: time.secondsLeft(workers) });
  return {
    plan(tasks) {
      for (const task of tasks) {
        if (task.kind !== 'attack') continue;
        plannedTasks++;
        time.plan(task.line.id, taskCost(task));
      }
      changed();
    },
    done(task, seconds) {
      if (task.kind !== 'attack') return;
      doneTasks++;
      time.done(task.line.id, taskCost(task), seconds);
      changed();
    },
  };
}
