import type { Proportion, Result } from '#core/result.ts';
import { threatOf } from '#core/tracks.ts';
import { duration, plain, table } from './output.ts';

/** A proportion with its 95 % interval, in percent. */
export function percent({ value, low, high }: Proportion): string {
  return `${(100 * value).toFixed(1)} % [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
}

/** A result as a person reads it: attack by attack, the worst case, and every warning sign. */
export function resultTable(result: Result): string {
  const { title } = threatOf(result);
  const { suite, backend, examples, flags, pairs, certifiedAccuracy, certificate } = result;
  const rows = result.attacks.map((attack) => [
    attack.id,
    percent(attack.pairs?.successRate ?? attack.successRate),
    percent(attack.robustAccuracy),
    attack.medianDistance === null ? '–' : `${Number(attack.medianDistance.toPrecision(3))} ${attack.norm}`,
    duration(attack.seconds),
  ]);
  const worst = ['worst case', '', percent(result.robustAccuracy), '', ''];
  const lines = [
    plain(`${result.submission.id} · ${title} · suite ${suite.id}, ${examples} examples · ${backend.name}`),
    `clean accuracy ${percent(result.cleanAccuracy)}`,
    table(
      ['attack', 'success rate [95 %]', 'robust accuracy [95 %]', 'median distance', 'time'],
      [...rows, worst],
      [1, 2, 3, 4],
    ),
  ];
  if (certifiedAccuracy !== null && certificate !== undefined) {
    const upper = `robust accuracy of the same ${certificate.examples}: ${percent(certificate.robustAccuracy)}`;
    lines.push(`certified accuracy ${percent(certifiedAccuracy)} by ${certificate.method}; ${upper}`);
  }
  if (pairs !== null) {
    lines.push(`image-target pairs: ${pairs.successes} of ${pairs.attempted} reached, ${percent(pairs.successRate)}`);
  }
  for (const { level, id, message } of flags) lines.push(plain(`${level}: ${message} (${id})`));
  return lines.join('\n');
}
