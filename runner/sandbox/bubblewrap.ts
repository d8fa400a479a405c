import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Limits, prlimitArguments } from './limits.ts';

/** What a sandboxed process needs besides the program itself. */
export interface Inside {
  /** The script that Node runs, an absolute path. */
  readonly script: string;
  /** Files and folders that it may read. */
  readonly readable: readonly string[];
  /** Devices that it may use: those of a graphics processor, or none. */
  readonly devices: readonly string[];
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where libraries lie, on the distributions there are; only these are shown of the system. */
const libraries = ['/lib', '/lib64', '/usr/lib', '/usr/lib64', '/etc/ld.so.cache', '/nix/store', '/gnu/store'];
/** Of util-linux; it is there wherever there is a shell, but for the smallest of containers. */
export const prlimit = '/usr/bin/prlimit';
const root = fileURLToPath(new URL('../../', import.meta.url));
/** Of the project, its code and packages: no submissions, no results, no history. */
const code = ['runner', 'package.json', 'node_modules'].map((name) => join(root, name));

/** File descriptor on which bubblewrap reads the filter of system calls. */
export const filterDescriptor = 4;

/**
 * The arguments of `bwrap` for a script of ours: new namespaces of every kind (so no network), no rights, a file system that holds
 * libraries, Node, this program and what is named, all of it read-only, and a small /tmp. Descriptors 0 to 3 are handed through.
 */
export function bubblewrapArguments({ script, readable, devices, env }: Inside, limits: Limits): string[] {
  const node = realpathSync(process.execPath);
  const shown = [node, prlimit, ...code, script, ...readable];
  return [
    ...['--unshare-all', '--unshare-user', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--uid', '65534', '--gid', '65534', '--hostname', 'sandbox'],
    ...['--seccomp', String(filterDescriptor)],
    ...libraries.flatMap(showLibrary),
    // First, since a checkout or a cache may lie within it.
    ...['--size', String(limits.fileBytes), '--tmpfs', '/tmp', '--chdir', '/tmp'],
    ...shown.flatMap((path) => ['--ro-bind', realpathSync(path), path]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...devices.flatMap((path) => ['--dev-bind', path, path]),
    // The tmpfs that bubblewrap makes for / and /dev could be filled without a limit.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...[
      '--clearenv',
      ...Object.entries({ HOME: '/tmp', ...env }).flatMap(([name, value]) => ['--setenv', name, value]),
    ],
    ...['--', prlimit, ...prlimitArguments(limits, devices.length > 0), node, script],
  ];
}

/** A link, as /lib is on most systems, stays one. */
function showLibrary(path: string): string[] {
  if (!existsSync(path)) return [];
  if (realpathSync(path) === path) return ['--ro-bind', path, path];
  return dirname(path) === '/' ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', realpathSync(path), path];
}
