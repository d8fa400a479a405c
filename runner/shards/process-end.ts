import { constants } from 'node:os';

/** The first name of each number: SIGABRT, and not its old name SIGIOT. */
const signals = new Map(
  Object.entries(constants.signals)
    .map(([name, number]) => [number, name] as const)
    .reverse(),
);

/** How a process ended, in words. What runs another, as bubblewrap does, gives its signal as an exit code above 128. */
export function describeEnd(code: number | null, signal: NodeJS.Signals | null): string {
  const name = signal ?? signals.get((code ?? 0) - 128);
  return name === undefined ? `exit code ${code}` : `signal ${name}`;
}

/** What Node adds below the message of an error. */
const stack = /^(at |Node\.js v\d|\^+$|-+ \w+ stack trace -+$)/;

/** The last lines of what a process wrote, without stacks, colours and control characters, in one line. */
export function lastLines(text: string): string {
  const lines = text.split('\n').map((line) => line.replaceAll(/\p{Cc}(\[[0-9;]*m)?/gu, ' ').trim());
  return lines
    .filter((line) => line !== '' && !stack.test(line))
    .slice(-3)
    .join(' | ');
}
