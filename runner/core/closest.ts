/**
 * Edits that turn one text into another: a character inserted, deleted or replaced, or two neighbours swapped.
 *
 * Source: Damerau, "A technique for computer detection and correction of spelling errors", 1964, in its restricted form.
 */
function edits(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j] as number, (before[j - 2] as number) + 1);
      }
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}

/** @returns what a mistyped word, or the beginning of one, most likely means; undefined when no candidate is near */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.slice(0, 100).toLowerCase();
  return candidates
    .map((candidate) => ({ candidate, distance: edits(typed, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => {
      const isBeginning = typed.length >= 3 && candidate.toLowerCase().startsWith(typed);
      return isBeginning || distance <= Math.max(1, Math.floor(candidate.length / 3));
    })
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** ', did you mean …?' to be put after a message; empty when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const guess = closest(word, candidates);
  return guess === undefined ? '' : `; did you mean '${guess}'?`;
}
