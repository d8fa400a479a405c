import { readFile } from 'node:fs/promises';

/** What docs/diagnostics.md says of a warning sign: Markdown, a paragraph each. */
export interface FlagText {
  readonly means: string;
  readonly whatToDo: string;
}

const document = new URL('../../docs/diagnostics.md', import.meta.url);

/** @returns by the id of the sign */
export async function readFlagTexts(): Promise<Map<string, FlagText>> {
  const sections = (await readFile(document, 'utf8')).split(/^### /m).slice(1);
  const texts = new Map<string, FlagText>();
  for (const section of sections) {
    const part = (name: string) =>
      (new RegExp(`\\*\\*${name}\\*\\*([\\s\\S]*?)(?=\\*\\*[A-Z]|^#|$(?![\\s\\S]))`, 'm').exec(section)?.[1] ?? '')
        .replace(/\s+/g, ' ')
        .trim();
    texts.set(/^`([^`]+)`/.exec(section)?.[1] ?? '', { means: part('Means'), whatToDo: part('What to do') });
  }
  return texts;
}
