import { findCertificate } from '#core/certificates/index.ts';
import { findProbe } from '#core/diagnostics/probes/index.ts';
import type { CertifyTask, ProbeTask, Task } from '#core/evaluation/tasks.ts';
import type { SuiteAttack } from '#core/suites/suite.ts';

/** Classes of every data set that a track is of. */
const CLASSES = 10;

/**
 * Rough cost of a task in gradients, to order tasks and to foretell the time left. Most images fall long before the budget
 * is spent; the forecast learns by how much.
 */
export function taskCost(task: Task): number {
  if (task.kind === 'clean') return task.count / 3;
  if (task.kind === 'predict') return 1;
  if (task.kind === 'probe') return probeCost(task);
  if (task.kind === 'certify') return certifyCost(task);
  return task.kind === 'inspect' ? 1 : lineCost(task.line) * task.examples.length;
}

function probeCost({ probe, line, examples }: ProbeTask): number {
  const { passes, lineRuns } = findProbe(probe).cost;
  return examples.length * (passes + (line === null ? 0 : lineRuns * lineCost(line)));
}

function certifyCost({ certificate, examples }: CertifyTask): number {
  const method = findCertificate(certificate.method);
  return examples.length * method.cost(method.optionsSchema.parse(certificate.options));
}

/** Most gradients that a line may spend on one example, or forward passes in the place of gradients, three for one. */
export function lineCost({ options, targets }: SuiteAttack, classes: number = CLASSES): number {
  const number = (name: string) => (typeof options[name] === 'number' ? options[name] : 1);
  const iterations = Math.max(number('steps'), number('maxIterations'), number('maxFeatures') / 2);
  const estimated = typeof options.samples === 'number' ? (2 * options.samples) / 3 : 1;
  const queries = Math.max(number('queries'), number('draws'), number('population') * number('generations')) / 3;
  const runs = number('restarts') * number('targets') * number('binarySearchSteps') * number('eotSamples');
  return Math.max(iterations * estimated, queries) * runs * (targets === 'all' ? classes - 1 : 1);
}
