/** Run as a program by `runTask`: one task in, as JSON; what was measured out, as JSON. */
import { assertBackend, startBackend } from '../backends/index.ts';
import type { BenchAnswer, BenchTask } from './task.ts';

try {
  const task = JSON.parse(process.argv[2] ?? '') as BenchTask;
  const report = await startBackend(task.backend);
  const answer: { -readonly [Key in keyof BenchAnswer]: BenchAnswer[Key] } = { report, memoryBytes: 0 };
  if (task.speed) {
    const { measureSpeed } = await import('./speed.ts');
    const { architecture, batch, seconds } = task.speed;
    answer.speed = await measureSpeed(architecture, batch, seconds);
  }
  if (task.peak) {
    const { measurePeak } = await import('./peak.ts');
    answer.peakGigaflops = await measurePeak(task.peak.seconds);
  }
  if (task.jsma) {
    const { measureJsma } = await import('./jsma.ts');
    answer.jsma = await measureJsma(task.jsma.on, task.jsma.images, task.jsma.weights);
  }
  if (task.growth) {
    const { measureGrowth } = await import('./growth.ts');
    answer.growth = await measureGrowth(task.growth.images, task.growth.weights);
  }
  assertBackend();
  answer.memoryBytes = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify(answer));
} catch (error) {
  console.error((error as Error).message.replaceAll('\n', ' '));
  process.exitCode = 1;
}
