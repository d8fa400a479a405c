import type { z } from 'zod';
import { ParapetError } from '../../errors.ts';
import type { Attack } from '../attack.ts';

/**
 * Options of an attack with every default filled in.
 * @throws ParapetError 'usage' that names each wrong option, what came and what was wanted
 */
export function parseOptions<Schema extends z.ZodObject>(
  attack: Attack<Schema>,
  options: Readonly<Record<string, unknown>>,
): z.infer<Schema> {
  const parsed = attack.optionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  const known = Object.keys(attack.optionsSchema.shape).join(', ');
  const problems = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return `${attack.id} has no option ${issue.keys.join(', ')}`;
    const field = issue.path.join('.');
    const came = JSON.stringify(options[field]) ?? String(options[field]);
    return `${attack.id}.${field}: ${came} came; ${issue.message}`;
  });
  throw new ParapetError('usage', problems.join('; '), known === '' ? 'it takes none' : `its options are ${known}`);
}
