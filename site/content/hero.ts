import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Track } from '#core/tracks.ts';
import type { Row } from './board.ts';
import { resultsFolder } from './folders.ts';
import { type Illustration, illustrationsOf } from './illustrations.ts';
import { mnistTestImages } from './test-images.ts';

export interface HeroExample {
  readonly illustration: Illustration & { readonly x: Float32Array };
  readonly track: Track;
  readonly name: string;
}

/** An adversarial example of a row with the legitimate image beside it; null where its evidence has none. */
export async function heroOf(track: Track, { result, submission }: Row): Promise<HeroExample | null> {
  const bytes = new Uint8Array(await readFile(join(resultsFolder, result.suite.id, track.id, result.evidence.file)));
  const known = track.dataset === 'mnist' ? await mnistTestImages() : new Map<number, Uint8Array>();
  for (const illustration of illustrationsOf(bytes, track, known)) {
    const { x } = illustration;
    if (x !== null) return { illustration: { ...illustration, x }, track, name: submission.name };
  }
  return null;
}
