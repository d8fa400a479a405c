import { ParapetError } from '#core/errors.ts';
import type { Finding } from '#core/verification/numbers.ts';

/** @throws ParapetError 'integrity' that names the fields of a result that do not stand, where there are any */
export function refuseFindings(path: string, findings: readonly Finding[], hint?: string): void {
  if (findings.length === 0) return;
  const list = findings.map(({ field, message }) => `${field}: ${message}`);
  const more = list.length > 5 ? `; and ${list.length - 5} more` : '';
  throw new ParapetError('integrity', `${path} does not stand: ${list.slice(0, 5).join('; ')}${more}`, hint);
}
