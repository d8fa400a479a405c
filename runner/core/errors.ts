/** What went wrong, as far as the exit code of a command is concerned. */
export type ErrorKind = 'usage' | 'submission' | 'misbehaved' | 'infrastructure' | 'integrity' | 'interrupted';

/** Exit codes of every command: 0 is success and 1 a `--fail-under` that was not met. */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  submission: 3,
  misbehaved: 4,
  infrastructure: 5,
  integrity: 6,
  interrupted: 130,
};

/**
 * An error that a person caused or can mend. Its message names the field, what came and what was wanted;
 * `hint` names the way out. Anything else that is thrown is a bug of ours.
 */
export class ParapetError extends Error {
  readonly kind: ErrorKind;
  readonly hint: string | undefined;

  constructor(kind: ErrorKind, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ParapetError';
    this.kind = kind;
    this.hint = hint;
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}
