import { describe, expect, it, vi } from 'vitest';
import type { AttackTask, ProbeTask, Task } from '#core/evaluation/tasks.ts';
import { untargeted } from '#core/suites/lines.ts';
import { taskCost } from './cost.ts';
import { type Standing, tally } from './tally.ts';

const threat = { norm: 'Linf', epsilon: 0.3, seed: 0 } as const;
const attack = (steps: number, examples = 10): AttackTask => ({
  kind: 'attack',
  line: untargeted(`pgd-${steps}`, 'pgd', { steps }),
  ...threat,
  chunk: 0,
  examples: new Int32Array(examples),
  meets: null,
  keep: 'none',
});
const probe = (steps: number): ProbeTask => ({
  kind: 'probe',
  probe: 'more-restarts',
  line: untargeted('pgd', 'pgd', { steps }),
  ...threat,
  examples: new Int32Array(10),
  standing: new Uint8Array(10),
});

function watched(workers = 1) {
  const told: Standing[] = [];
  const session = tally(workers, (standing) => told.push(standing));
  return { session, last: () => told.at(-1) as Standing, told };
}

describe('the tally', () => {
  it('counts attacks and probes, and nothing else', () => {
    const { session, last } = watched();
    const other: Task = { kind: 'clean', start: 0, count: 10 };
    session.plan([attack(10), probe(10), other]);
    expect(last()).toEqual({ doneTasks: 0, plannedTasks: 2, share: 0, secondsLeft: null });
    session.done(other, 1);
    session.done(attack(10), 4);
    expect(last()).toEqual({ doneTasks: 1, plannedTasks: 2, share: 0.5, secondsLeft: 4 });
    session.done(probe(10), 1);
    expect(last()).toEqual({ doneTasks: 2, plannedTasks: 2, share: 1, secondsLeft: 0 });
  });

  it('counts images that are being confirmed, which wait for each other', () => {
    vi.useFakeTimers();
    try {
      const { session, last } = watched(2);
      session.plan([attack(10)]);
      session.done(attack(10), 4);
      const confirmed = [13, 13, 13].map((images) => session.confirming(images));
      expect(last()).toMatchObject({ doneTasks: 1, plannedTasks: 4 });
      for (const answer of confirmed.slice(0, 2)) {
        vi.advanceTimersByTime(6000);
        answer();
      }
      expect(last().secondsLeft).toBeCloseTo(6);
      confirmed[2]?.();
      expect(last()).toMatchObject({ doneTasks: 4, share: 1, secondsLeft: 0 });
    } finally {
      vi.useRealTimers();
    }
  });

  it('sees how far a task is before it is done, and never all of it', () => {
    const { session, last } = watched();
    const task = attack(100);
    session.plan([task]);
    session.within(task, { gradients: 250, seconds: 5 });
    expect(last()).toEqual({ doneTasks: 0, plannedTasks: 1, share: 0.25, secondsLeft: 15 });
    session.within(task, { gradients: 500, seconds: 10 });
    expect(last().secondsLeft).toBeCloseTo(10);
    session.within(task, { gradients: 5000, seconds: 30 });
    expect(last().share).toBeCloseTo(0.95);
    session.done(task, 31);
    expect(last()).toMatchObject({ doneTasks: 1, share: 1, secondsLeft: 0 });
  });

  it('says so at every sign of life, also of a task that begins anew', () => {
    const { session, told, last } = watched();
    const task = attack(100);
    session.plan([task]);
    session.within(task, { gradients: 500, seconds: 10 });
    session.within(task, { gradients: 10, seconds: 1 });
    expect(told).toHaveLength(3);
    expect(last().share).toBe(0.5);
  });

  it('takes a probe for what was announced, whichever line it runs in the end', () => {
    const { session, last } = watched();
    session.plan([probe(100), probe(100)]);
    session.done(probe(1), 2);
    expect(last()).toEqual({ doneTasks: 1, plannedTasks: 2, share: 0.5, secondsLeft: 2 });
  });
});

describe('the cost of a line', () => {
  const cost = (id: string, options: Record<string, number>) =>
    taskCost({ ...attack(1, 1), line: untargeted(id, id, options) });

  it('counts gradients, and forward passes a third', () => {
    expect(cost('pgd', { steps: 40, restarts: 5 })).toBe(200);
    expect(cost('cw-l2', { maxIterations: 1000, binarySearchSteps: 9 })).toBe(9000);
    expect(cost('apgd-t', { steps: 100, targets: 9 })).toBe(900);
    expect(cost('square', { queries: 5000 })).toBeCloseTo(5000 / 3);
    expect(cost('nes', { steps: 100, samples: 50 })).toBeCloseTo((100 * 2 * 50) / 3);
    expect(cost('one-pixel', { population: 400, generations: 75 })).toBe(10_000);
  });
});
