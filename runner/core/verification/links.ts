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

/**
 * Whether each link holds; null for one that was not looked at, because it is not there or because one before it fails.
 * @param fields of all findings
 * @param lookedAt whether a root, and a log, were there to be compared with
 */
export function standOf(
  fields: readonly string[],
  lookedAt: Readonly<Record<'root' | 'log', boolean>>,
): Record<Link, boolean | null> {
  const failing = new Set(fields.map(linkOf));
  const first = links.findIndex((link) => failing.has(link));
  const stand = (link: Link, i: number): boolean | null => {
    if (failing.has(link)) return false;
    if (link === 'root' || link === 'log') return lookedAt[link] ? true : null;
    return first >= 0 && i > first ? null : true;
  };
  return Object.fromEntries(links.map((link, i) => [link, stand(link, i)])) as Record<Link, boolean | null>;
}
