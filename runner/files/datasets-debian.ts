/**
 * Fashion-MNIST as Debian packs it: the authors' four gzip files. Neither way needs to be root.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { DatasetFile } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import { runTool } from '../backends/tools.ts';
import type { Source } from './datasets-source.ts';

const packageName = 'dataset-fashion-mnist';
const filesOfPackage = 'usr/share/datasets/fashion-mnist';
const hint = `on Debian and Ubuntu: sudo apt-get update && sudo apt-get install ${packageName}`;

/** Unpacks the wanted files from a folder that holds them as .gz. */
async function unpackFrom(from: string, folder: string, wanted: readonly DatasetFile[]): Promise<void> {
  for (const { name, bytes } of wanted) {
    const gzip = await readFile(join(from, `${name}.gz`));
    await writeFile(join(folder, name), gunzipSync(gzip, { maxOutputLength: bytes }));
  }
}

/** The package where it is installed. */
export const debianInstalled: Source = {
  name: `the installed Debian package ${packageName}`,
  megabytes: 31,
  roomMegabytes: 80,
  available: () => existsSync(`/${filesOfPackage}`),
  fetch: (folder, wanted) => unpackFrom(`/${filesOfPackage}`, folder, wanted),
};

/** The package from the archive that apt is set up for, unpacked into a temporary folder. */
export const debianPackage: Source = {
  name: `the Debian package ${packageName}`,
  megabytes: 31,
  roomMegabytes: 250,
  async fetch(folder, wanted, { signal, tell }) {
    const work = join(folder, 'debian');
    await mkdir(work);
    try {
      await download(work, signal, tell);
      const [deb] = (await readdir(work)).filter((entry) => entry.endsWith('.deb'));
      if (deb === undefined) throw new ParapetError('infrastructure', 'apt-get left no package');
      await runTool('dpkg-deb', ['--extract', join(work, deb), join(work, 'files')], { signal, hint });
      await unpackFrom(join(work, 'files', filesOfPackage), folder, wanted);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  },
};

/** Tries with the machine's lists of packages, and with fresh ones of our own where these are missing or old. */
async function download(work: string, signal: AbortSignal | undefined, tell: (message: string) => void): Promise<void> {
  const own = ['-o', `Dir::State::Lists=${join(work, 'lists')}`, '-o', `Dir::Cache=${join(work, 'cache')}`];
  // apt changes to a user of its own to download, who may not write here.
  const common = ['--quiet', '-o', 'APT::Sandbox::User=', '-o', 'Debug::NoLocking=1'];
  const options = { signal, hint, cwd: work };
  try {
    await runTool('apt-get', [...common, 'download', packageName], options);
  } catch (error) {
    if (!(error instanceof ParapetError) || error.kind === 'interrupted' || /not found/.test(error.message))
      throw error;
    tell('the lists of packages are missing or old: fetching fresh ones');
    for (const folder of ['lists/partial', 'cache/archives/partial'])
      await mkdir(join(work, folder), { recursive: true });
    await runTool('apt-get', [...common, ...own, 'update'], options);
    await runTool('apt-get', [...common, ...own, 'download', packageName], options);
  }
}
