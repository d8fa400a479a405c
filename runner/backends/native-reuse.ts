import { existsSync } from 'node:fs';
import { link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Flavour } from './native-files.ts';
import { digestOf, readManifest } from './native-verify.ts';
import { wheels } from './native-wheels.ts';

/** Folder of the marks that say which wheels were unpacked to the end. */
const MARKS = 'unpacked/';

/**
 * Takes what was unpacked of the wheels over from an earlier installation, libraries and headers, if its wheels are the
 * pinned ones and no file was altered: then only the compiler has work to do. The files are linked, not copied.
 * @param directory the earlier installation; need not exist
 * @param staging folder of the new one
 */
export async function takeOverLibraries(flavour: Flavour, directory: string, staging: string): Promise<void> {
  const manifest = await readManifest(directory);
  const pinned = wheels[flavour].map(({ sha256 }) => sha256).join();
  if (manifest === null || manifest.wheels.map(({ sha256 }) => sha256).join() !== pinned) return;
  const names = Object.keys(manifest.files).filter((name) => name.includes('/'));
  if (!names.some((name) => name.startsWith(MARKS))) return;
  for (const name of names) {
    const digest = await digestOf(join(directory, name)).catch(() => 'nothing');
    if (digest !== manifest.files[name]?.sha256) return;
  }
  // The marks last: one that is there says that its files are.
  names.sort((a, b) => Number(a.startsWith(MARKS)) - Number(b.startsWith(MARKS)));
  for (const name of names) {
    const target = join(staging, name);
    if (existsSync(target)) continue;
    await mkdir(dirname(target), { recursive: true });
    await link(join(directory, name), target);
  }
}
