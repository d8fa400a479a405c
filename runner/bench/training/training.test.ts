import { expect, test } from 'vitest';
import type { Timer } from '../timer.ts';
import { compareTraining } from './compare.ts';
import { kinds, type Request, type Response } from './nets.ts';
import { describeTraining } from './text.ts';

/** A side that takes so long, one ask after the other. */
function side(milliseconds: (ask: number) => number, loss: number): Timer<Request, Response> & { asked: Request[] } {
  const asked: Request[] = [];
  return {
    asked,
    async ask(request) {
      asked.push(request);
      const taken = milliseconds(asked.length - 1);
      return { milliseconds: taken, coreMilliseconds: 2 * taken, loss };
    },
    end() {},
  };
}

const nets = [{ architecture: 'papernot-mnist' }];

test('both sides take turns, two rounds do not count, and the ratio is of each round’s times', async () => {
  // Warm-up 1000; then ours 10, 20, 30 and PyTorch's twice, three and four times as long.
  const ours = side((ask) => (ask % 5 < 2 ? 1000 : 10 * ((ask % 5) - 1)), 2.3);
  const torch = side((ask) => (ask % 5 < 2 ? 1000 : 10 * ((ask % 5) - 1) * (ask % 5)), 2.3001);
  const measured = await compareTraining(nets, { ours, torch }, 3, () => {});
  expect(measured.map(({ kind }) => kind)).toEqual(kinds);
  expect(measured[0]?.ours).toEqual({ median: 20, least: 10, cores: 40 });
  expect(measured[0]?.torchOverOurs).toBe(3);
  expect(ours.asked).toHaveLength(kinds.length * 5);
  expect(torch.asked).toEqual(ours.asked);
  expect(describeTraining(measured)).toMatch(/papernot-mnist +standard +20\.0 ms +60\.0 ms +3\.00 +3\.00/);
});

test('a side that trains otherwise is found by its loss', async () => {
  const [ours, torch] = [side(() => 1, 2.3), side(() => 1, 2.4)];
  await expect(compareTraining(nets, { ours, torch }, 1, () => {})).rejects.toThrow(
    'papernot-mnist: mean loss of the steps is 2.3 here and 2.4 in PyTorch',
  );
});
