import { existsSync } from 'node:fs';
import { link, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Flavour } from './native-files.ts';
import { digestOf, type Manifest, readManifest } from './native-verify.ts';
import { wheels } from './native-wheels.ts';

/** Folder of the marks that say which wheels were unpacked to the end. */
const MARKS = 'unpacked/';

/**
 * Takes what was unpacked of the wheels over from another installation, libraries and headers, if its wheels are the
 * pinned ones and no file was altered: then only the compiler has work to do. The files are linked, not copied.
 * @param staging folder of the new installation, beside the others
 */
export async function takeOverLibraries(flavour: Flavour, staging: string): Promise<void> {
  const pinned = wheels[flavour].map(({ sha256 }) => sha256).join();
  for (const other of await readdir(dirname(staging))) {
    const directory = join(dirname(staging), other);
    const manifest = await readManifest(directory);
    if (manifest === null || manifest.wheels.map(({ sha256 }) => sha256).join() !== pinned) continue;
    if (await takeOver(directory, manifest, staging)) return;
  }
}

/** @returns whether it had all that is needed; if not, nothing was taken */
async function takeOver(directory: string, { files }: Manifest, staging: string): Promise<boolean> {
  const names = Object.keys(files).filter((name) => name.includes('/'));
  if (!names.some((name) => name.startsWith(MARKS))) return false;
  for (const name of names) {
    const digest = await digestOf(join(directory, name)).catch(() => 'nothing');
    if (digest !== files[name]?.sha256) return false;
  }
  // The marks last: one that is there says that its files are.
  names.sort((a, b) => Number(a.startsWith(MARKS)) - Number(b.startsWith(MARKS)));
  for (const name of names) {
    const target = join(staging, name);
    if (existsSync(target)) continue;
    await mkdir(dirname(target), { recursive: true });
    await link(join(directory, name), target);
  }
  return true;
}
