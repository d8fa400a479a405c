/** Text as it may stand in HTML, in an attribute or between tags; what steers a terminal or turns text around is taken out. */
export function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** A paragraph of our own Markdown: links to the web, code and emphasis; links within the repository become plain text. */
export function fromMarkdown(text: string): string {
  return escaped(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\[([^\]]+)\]\((https:\/\/[^)\s]+)\)/g, '<a href="$2">$1</a>')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
}

/**
 * A table that scrolls within itself where the screen is narrow.
 * @param rows cells as HTML; the first of each row is its header
 * @param numbers indices of the columns that are numbers
 */
export function tableOf(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const align = (i: number) => (numbers.includes(i) ? ' class="number"' : '');
  const head = header.map((cell, i) => `<th scope="col"${align(i)}>${cell}</th>`).join('');
  const body = rows.map((cells) => {
    const [first, ...others] = cells;
    return `<tr><th scope="row">${first}</th>${others.map((cell, i) => `<td${align(i + 1)}>${cell}</td>`).join('')}</tr>`;
  });
  return (
    `<div class="wide" tabindex="0" role="region" aria-label="${escaped(caption)}"><table><caption>${escaped(caption)}</caption>` +
    `<thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`
  );
}
