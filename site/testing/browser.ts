import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import * as tar from 'tar';

const require = createRequire(import.meta.url);

/**
 * A real Chromium for tests, on a bare machine without root or a package manager.
 *
 * On 64-bit Linux it is the one inside `@sparticuz/chromium`, with the libraries and the fonts that the package brings
 * (the package unpacks the libraries itself on a few hosting services only, and into a shared temporary folder, where
 * two processes trip over each other: here a folder is complete or absent). `PARAPET_CHROMIUM` names another executable;
 * on other systems an installed Chrome is used.
 *
 * @returns a browser that the caller closes
 */
export async function launchBrowser(): Promise<Browser> {
  const own = process.env['PARAPET_CHROMIUM'];
  if (own) return chromium.launch({ executablePath: own, args });
  if (process.platform !== 'linux' || process.arch !== 'x64') return chromium.launch({ channel: 'chrome', args });
  const folder = await unpacked();
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: [join(folder, 'libraries', 'lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    } as Record<string, string>,
  });
}

// In a container there are no namespaces for Chromium's own sandbox, and the pages are ours. SwiftShader gives WebGL 2.
const args = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--font-render-hinting=none',
];

/** @returns the folder with `chromium`, `libraries/` and `fonts/`; unpacked once, in about a second */
async function unpacked(): Promise<string> {
  const home = join(dirname(require.resolve('@sparticuz/chromium')), '..', '..'); // resolves to build/cjs/index.cjs
  const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
  const source = join(home, 'bin');
  const cache =
    process.env['PARAPET_CACHE_DIR'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'parapet');
  const folder = join(cache, `chromium-${manifest.version}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(join(cache, 'chromium-'));
  try {
    const archive = async (name: string, into: string) => {
      await mkdir(into, { recursive: true });
      await pipeline(createReadStream(join(source, name)), createBrotliDecompress(), tar.x({ cwd: into }));
    };
    const executable = join(temporary, 'chromium');
    await Promise.all([
      pipeline(createReadStream(join(source, 'chromium.br')), createBrotliDecompress(), createWriteStream(executable)),
      archive('swiftshader.tar.br', temporary),
      archive('al2023.tar.br', join(temporary, 'libraries')),
      archive('fonts.tar.br', join(temporary, 'fonts')),
    ]);
    await chmod(executable, 0o755);
    await writeFile(join(temporary, 'fonts', 'fonts.conf'), fontconfig(folder));
    await rename(temporary, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error; // else another process was first, and its folder is as good
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return folder;
}

/** The package's own fonts.conf looks in folders of its hosting services. The system's fonts come after the package's. */
function fontconfig(folder: string): string {
  const dirs = [join(folder, 'fonts'), '/usr/share/fonts', '/usr/local/share/fonts'].map((dir) => `<dir>${dir}</dir>`);
  const cache = `<cachedir>${join(folder, 'fonts', 'cache')}</cachedir>`;
  return `<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>${dirs.join('')}${cache}</fontconfig>\n`;
}
