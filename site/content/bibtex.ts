import type { Submission } from '#core/submission.ts';

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
};

/** Text that means itself in a field of BibTeX; control characters and line breaks become spaces. */
export function bibtexText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .replace(/[\\{}$&#%_^~]/g, (character) => special[character] ?? character);
}

/** An address as it may stand in a field of BibTeX: percent-encoded, so without braces and backslashes. */
function bibtexUrl(url: string): string {
  return new URL(url).href.replace(/[{}\\^~ ]/g, encodeURIComponent).replace(/[%#]/g, '\\$&');
}

/** How to cite the paper of a submission; null where it names none. */
export function paperBibtex({ id, authors, paper }: Submission): string | null {
  if (paper === null) return null;
  return entry('article', id, {
    title: `{${bibtexText(paper.title)}}`,
    author: authors.map(bibtexText).join(' and '),
    journal: bibtexText(paper.venue),
    year: String(paper.year),
    url: bibtexUrl(paper.url),
  });
}

/** How to cite a number of the board: the row, its suite and the digest that it stands for. */
export function rowBibtex(row: {
  id: string;
  track: string;
  suite: string;
  date: string;
  digest: string;
  url: string | null;
}): string {
  return entry('misc', `parapet-${row.id}-${row.track}-${row.suite}`, {
    title: `{Parapet: ${bibtexText(row.id)} on ${bibtexText(row.track)}, suite ${bibtexText(row.suite)}}`,
    author: '{The Parapet contributors}',
    year: row.date.slice(0, 4),
    note: `Result ${row.digest}`,
    ...(row.url === null ? {} : { url: bibtexUrl(row.url) }),
  });
}

function entry(kind: string, key: string, fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `  ${name} = {${value}},`);
  return `@${kind}{${key.replace(/[^A-Za-z0-9.-]/g, '')},\n${lines.join('\n')}\n}`;
}
