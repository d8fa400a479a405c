import { createInterface } from 'node:readline/promises';
import { ParapetError } from '#core/errors.ts';

export interface Questions {
  /** @returns what the person typed, or the default on an empty line or where nobody can be asked */
  ask(question: string, byDefault: string): Promise<string>;
  end(): void;
}

/**
 * Asks on stderr, so that stdout stays data; only where stdin and stderr are a terminal.
 * @param wanted whether to ask at all
 */
export function startQuestions(wanted: boolean): Questions {
  if (!wanted || !process.stdin.isTTY || !process.stderr.isTTY) {
    return { ask: async (_, byDefault) => byDefault, end: () => undefined };
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  // Ctrl-C and Ctrl-D both end the questions; nothing has been written yet.
  terminal.on('SIGINT', () => stop.abort()).on('close', () => stop.abort());
  return {
    async ask(question, byDefault) {
      try {
        return (
          (await terminal.question(`${question}${byDefault && ` [${byDefault}]`}: `, { signal: stop.signal })).trim() ||
          byDefault
        );
      } catch {
        throw new ParapetError('interrupted', 'interrupted; nothing was made');
      }
    },
    end: () => terminal.close(),
  };
}
