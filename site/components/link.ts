/**
 * Address of a page of this site under the base it is served from.
 *
 * @param path from the root of the site, such as `/about/`
 */
export function link(path: string): string {
  return `${import.meta.env.BASE_URL.replace(/\/$/, '')}${path}`;
}
