import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What somebody proposed: a pull request, at the very commit that was looked at. */
export interface Proposal {
  /** Where git finds the repository: an address or a path. */
  readonly repository: string;
  readonly pullRequest: string;
  /** The 40 hexadecimal digits of the head of the pull request. */
  readonly headSha: string;
  /** The submission to fetch; null for each that differs from `base`. */
  readonly id: string | null;
  /** A checkout of the default branch, to tell what differs. */
  readonly base: string;
}

interface Entry {
  readonly mode: string;
  readonly type: string;
  readonly object: string;
  readonly size: number;
  readonly path: string;
}

// Generous for weights, small enough for a disk: what a submission may hold is for `parapet validate` to say.
const maxFiles = 160;
const maxBytes = 200 * 2 ** 20;
const safePath = /^submissions\/[A-Za-z0-9]+\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Copies submissions out of a pull request as data. Nothing is checked out: no hook, filter, link or submodule of the
 * proposal has a say, and only ordinary files straight inside `submissions/<id>/` are written.
 *
 * @param into folder that gets one folder per submission
 * @returns the ids that were written, sorted; empty if nothing differs
 * @throws Error if the pull request has moved on from `headSha`, or holds anything but plain files
 */
export function fetchSubmitted(proposal: Proposal, into: string): string[] {
  requireForm('the number of the pull request', proposal.pullRequest, /^[1-9][0-9]{0,9}$/);
  requireForm('the head SHA', proposal.headSha, /^[0-9a-f]{40}$/);
  if (proposal.id !== null) requireForm('the id of the submission', proposal.id, /^[A-Za-z0-9]{1,80}$/);
  const store = mkdtempSync(join(tmpdir(), 'parapet-submitted-'));
  try {
    git(store, 'init', '--quiet', '--bare');
    const head = `refs/pull/${proposal.pullRequest}/head`;
    git(store, 'fetch', '--quiet', '--depth=1', '--no-tags', '--', proposal.repository, head);
    const now = git(store, 'rev-parse', 'FETCH_HEAD').trim();
    if (now !== proposal.headSha) {
      throw new Error(`pull request ${proposal.pullRequest} is at ${now}, not at ${proposal.headSha}: look again`);
    }
    const ids = proposal.id === null ? changed(store, proposal) : [proposal.id];
    const files = ids.flatMap((id) => filesOf(store, proposal.headSha, id));
    requireLimits(files);
    for (const { object, path } of files) {
      const file = join(into, path.slice('submissions/'.length));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, blob(store, object), { flag: 'wx' });
    }
    return ids;
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

/** Submissions of the proposal whose folder is not, byte for byte, the one of the base. */
function changed(store: string, { headSha, base }: Proposal): string[] {
  const known = new Set(entries(base, 'HEAD').map(({ object, path }) => `${object} ${path}`));
  return entries(store, headSha)
    .filter(({ type, object, path }) => type === 'tree' && !known.has(`${object} ${path}`))
    .map(({ path }) => path.slice('submissions/'.length))
    .sort();
}

function filesOf(store: string, commit: string, id: string): Entry[] {
  const files = entries(store, commit, id);
  if (files.length === 0) throw new Error(`submissions/${id}: the pull request has no such folder`);
  for (const { mode, path } of files) {
    if (mode !== '100644') throw new Error(`${path}: mode ${mode}, wanted a plain file (100644)`);
    if (!safePath.test(path)) throw new Error(`${path}: not a plain file name straight inside submissions/<id>/`);
  }
  return files;
}

function requireLimits(files: readonly Entry[]): void {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length > maxFiles) throw new Error(`${files.length} files, wanted at most ${maxFiles}`);
  if (bytes > maxBytes) throw new Error(`${bytes} bytes, wanted at most ${maxBytes}`);
}

/** What git lists under submissions/, one level deep, or everything inside one of them. */
function entries(repository: string, commit: string, id?: string): Entry[] {
  const where = id === undefined ? ['submissions/'] : ['-r', `submissions/${id}/`];
  const [path = '', ...flags] = [...where].reverse();
  const list = git(repository, 'ls-tree', '-z', '--long', '--full-tree', ...flags, commit, '--', path);
  return list
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [meta = '', path = ''] = line.split('\t');
      const [mode = '', type = '', object = '', size = ''] = meta.split(/ +/);
      return { mode, type, object, size: Number(size) || 0, path };
    });
}

function requireForm(what: string, value: string, form: RegExp): void {
  if (!form.test(value)) throw new Error(`${what}: ${JSON.stringify(value)} does not match ${form}`);
}

const environment = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_COUNT: '0' };

function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, '-c', 'fetch.fsckObjects=true', ...args], {
    encoding: 'utf8',
    env: environment,
    maxBuffer: 16 * 2 ** 20,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function blob(folder: string, object: string): Buffer {
  const options = { env: environment, maxBuffer: maxBytes + 1 };
  return execFileSync('git', ['-C', folder, 'cat-file', 'blob', object], options);
}
