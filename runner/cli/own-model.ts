import { isWorse } from '#core/metrics/comparison.ts';
import { type Comparable, compareResults, readComparable } from '../files/compare-results.ts';
import { evaluateOwn, forecastOwn, type OwnSessionOptions } from '../shards/evaluate-own.ts';
import { verdict } from './compare.ts';
import { failUnder } from './fail-under.ts';
import { duration, plain, printJson } from './output.ts';
import { checkOutputs, type OutputOptions, writeOutputs } from './own-output.ts';
import { type OwnRequestOptions, ownRequestOf, secondsOf } from './own-request.ts';
import { ownSummary } from './own-summary.ts';
import { type WorkerOptions, withWorkers } from './with-workers.ts';

export interface OwnModelOptions extends OwnRequestOptions, WorkerOptions, OutputOptions {
  readonly json: boolean;
  readonly failUnder?: string;
}

/** `evaluate` of a model file of a person's own. */
export async function evaluateOwnModel(paths: readonly string[], options: OwnModelOptions): Promise<void> {
  const request = ownRequestOf(paths, options);
  const budget = options.budget === undefined ? undefined : secondsOf('--budget', options.budget);
  checkOutputs(options);
  const fail = failUnder(options.failUnder);
  // Before the work: it may be what the new result takes the place of, and one that cannot be read should not be told of at the end.
  const baseline = options.baseline === undefined ? null : await readComparable(options.baseline);
  const run = <T>(body: (session: OwnSessionOptions) => Promise<T>) =>
    withWorkers(options, 1, (session) => body({ ...session, budget }));
  if (options.dryRun) {
    const expected = await run((session) => forecastOwn(request, session));
    if (options.json) return printJson(expected);
    const { examples, gradients, forwardPasses, seconds } = expected;
    const count = (value: number) => value.toLocaleString('en');
    process.stdout.write(
      `${plain(request.model.path)}, suite ${request.suite.id}: ${count(examples)} images, ` +
        `at most ${count(gradients)} gradients and ${count(forwardPasses)} forward passes besides.\n` +
        `At the pace of this machine that takes at most ${duration(seconds)}; images that fall early make it less.\n`,
    );
    return;
  }
  const wantsImages = options.report !== undefined || options.adversarial !== undefined;
  const evaluated = await run((session) => evaluateOwn(request, { ...session, wantsImages }));
  const { path, result, images } = evaluated;
  if (images !== null) await writeOutputs(options, { ...evaluated, images });
  if (options.json) printJson(result);
  else {
    const files = [path, options.report, options.adversarial].filter((file) => file !== undefined);
    process.stdout.write(`${ownSummary(result)}\n${files.map(plain).join('\n')}\n`);
  }
  if (baseline !== null) await holdAgainst(baseline, path);
  fail(result);
}

/** Exit code 1 where the model is worse than before. */
async function holdAgainst(baseline: Comparable, path: string): Promise<void> {
  const compared = compareResults(baseline, await readComparable(path));
  process.stderr.write(`against the baseline: ${verdict(compared, 'the baseline', 'this model')}\n`);
  if (isWorse(compared)) process.exitCode = 1;
}
