/**
 * What core uses of the platform beyond the language: the few globals that Node and every browser share. Core is compiled
 * without the types of either, so that anything else of theirs is an error; elsewhere the real types count.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(label: 'utf-8', options?: { readonly fatal?: boolean });
  decode(bytes: Uint8Array): string;
}

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
}
