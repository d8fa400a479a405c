/** The links that a result hangs on, in the order in which they are checked: each means something only when those before it hold. */
export const links = [
  'result',
  'evidence',
  'root',
  'submission',
  'suite',
  'dataset',
  'surrogates',
  'numbers',
  'log',
] as const;

export type Link = (typeof links)[number];

/** @param field of a finding, a path into the result @returns the link that fails with it */
export function linkOf(field: string): Link {
  if (field === 'evidence.root') return 'root';
  if (/^attacks\..*\.surrogates$/.test(field)) return 'surrogates';
  const [first = ''] = field.split('.');
  if (first === 'digest') return 'result';
  // How many images there are is a number like any other.
  if (field === 'evidence.verified') return 'numbers';
  return links.find((link) => link === first) ?? 'numbers';
}
