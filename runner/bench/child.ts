/** Run as a program by `runTask`: one task in, as JSON; what was measured out, as JSON. */
import { assertBackend, startBackend } from '../backends/index.ts';
import type { BenchAnswer, BenchTask } from './task.ts';

try {
  const task = JSON.parse(process.argv[2] ?? '') as BenchTask;
  const report = await startBackend(task.backend);
  const answer: { -readonly [Key in keyof BenchAnswer]: BenchAnswer[Key] } = { report };
  if (task.speed) {
    const { measureSpeed } = await import('./speed.ts');
    const { architecture, batch, seconds } = task.speed;
    answer.speed = await measureSpeed(architecture, batch, seconds);
  }
  if (task.jsma) {
    const { measureJsma } = await import('./jsma.ts');
    answer.jsma = await measureJsma(task.jsma.on, task.jsma.images, task.jsma.weights);
  }
  assertBackend();
  console.log(JSON.stringify(answer));
} catch (error) {
  console.error((error as Error).message.replaceAll('\n', ' '));
  process.exitCode = 1;
}
