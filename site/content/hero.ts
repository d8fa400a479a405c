import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Track } from '#core/tracks.ts';
import type { Row } from './board.ts';
import { resultsFolder } from './folders.ts';
import { type Illustration, illustrationsOf } from './illustrations.ts';
import { withPredictions } from './predicted.ts';
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
  const [first] = illustrationsOf(bytes, track, known);
  if (first === undefined || first.x === null) return null;
  const [illustration = first] = await withPredictions([first], result, submission);
  return { illustration: { ...illustration, x: first.x }, track, name: submission.name };
}
