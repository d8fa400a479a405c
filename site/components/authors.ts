/** How a list of authors is cited in a table: `Papernot et al.`, `Carlini, Wagner`, `Goodfellow`. */
export function citedAuthors(authors: readonly string[]): string {
  // A group, such as `The Parapet contributors`, is cited whole.
  const surnames = authors.map((author) =>
    author.startsWith('The ') ? author : (author.trim().split(/\s+/).at(-1) ?? author),
  );
  return surnames.length > 2 ? `${surnames[0]} et al.` : surnames.join(', ');
}
