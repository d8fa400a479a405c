import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { type External, writeExternals } from './external.ts';
import { writeFixtures } from './fixtures.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Built {
  readonly code: number;
  /** What the build printed. */
  readonly log: string;
  /** The static files. */
  readonly dist: string;
  /** Where submissions and results were written; a test may damage them and build again. */
  readonly data: string;
  /** Builds again from the data as they lie there now. */
  again(): Promise<Built>;
  remove(): Promise<void>;
}

export interface BuildOptions {
  /** Path that the site will be served from, such as `/parapet`. */
  readonly base?: string;
  /** Further files by path below the folder of the data, such as `submissions/X/model.safetensors`. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** External evaluations of the results. */
  readonly externals?: readonly External[];
}

/**
 * Builds the whole site from given submissions and results, as `npm run build` does, in a folder of its own.
 *
 * The folder lies in the ignored `out/`: Astro keeps intermediate files beside an output that lies in the repository, and
 * in one shared place for any other.
 */
export async function buildSite(
  submissions: readonly Submission[],
  results: readonly Result[],
  options: BuildOptions = {},
): Promise<Built> {
  await mkdir(join(root, 'out'), { recursive: true });
  const folder = await mkdtemp(join(root, 'out', 'site-test-'));
  await writeFixtures(folder, submissions, results);
  await writeExternals(folder, options.externals ?? []);
  for (const [path, bytes] of Object.entries(options.files ?? {})) await writeFile(join(folder, path), bytes);
  return build(folder, options);
}

/** What vitest sets for its own code would reach the pages as `import.meta.env`, and they would be built for development. */
function environment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST.*|TEST|MODE|DEV|PROD|SSR|BASE_URL)$/.test(name),
  );
  return { ...Object.fromEntries(inherited), NODE_ENV: 'production' };
}

async function build(folder: string, options: BuildOptions): Promise<Built> {
  const dist = join(folder, 'dist');
  const child = spawn(process.execPath, [resolve(root, 'node_modules/astro/bin/astro.mjs'), 'build'], {
    cwd: root,
    env: {
      ...environment(),
      NO_COLOR: '1',
      ASTRO_TELEMETRY_DISABLED: '1',
      PARAPET_RESULTS_DIR: join(folder, 'results'),
      PARAPET_SUBMISSIONS_DIR: join(folder, 'submissions'),
      ...(options.base === undefined ? {} : { PARAPET_SITE_BASE: options.base }),
      PARAPET_SITE_OUT: dist,
      PARAPET_SITE_CACHE: join(folder, 'cache'),
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const code = await new Promise<number>((done, fail) => {
    child.on('error', fail);
    child.on('close', (status) => done(status ?? -1));
  });
  return {
    code,
    log,
    dist,
    data: folder,
    again: () => build(folder, options),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
