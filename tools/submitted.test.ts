import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchSubmitted, type Proposal } from './submitted.ts';

let folder: string;
let repository: string;
let into: string;

const git = (...args: string[]) => {
  const identity = ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', repository, ...identity, ...args], { encoding: 'utf8' }).trim();
};

const put = (file: string, text: string) => {
  mkdirSync(join(repository, file, '..'), { recursive: true });
  writeFileSync(join(repository, file), text);
};

/** Commits everything and makes it the head of pull request 7, without moving the branch. */
const propose = (): Proposal => {
  git('add', '-A');
  git('commit', '-q', '-m', 'proposed');
  const headSha = git('rev-parse', 'HEAD');
  git('update-ref', 'refs/pull/7/head', headSha);
  git('reset', '-q', '--hard', 'HEAD~1');
  return { repository, pullRequest: '7', headSha, id: 'New2026Word', base: repository };
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-test-'));
  repository = join(folder, 'repository');
  into = join(folder, 'into');
  mkdirSync(repository);
  git('init', '-q');
  put('submissions/Old2016Word/submission.yaml', 'id: Old2016Word\n');
  git('add', '-A');
  git('commit', '-q', '-m', 'base');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the files of the submission come as they were proposed, byte for byte', () => {
  put('submissions/New2026Word/submission.yaml', 'id: New2026Word\n# $Id$\n');
  put('.gitattributes', '* text eol=crlf ident\n');
  put('runner/core/evil.ts', 'throw 1;\n');
  expect(fetchSubmitted(propose(), into)).toEqual(['New2026Word']);
  expect(readdirSync(into, { recursive: true }).sort()).toEqual(['New2026Word', 'New2026Word/submission.yaml']);
  expect(readFileSync(join(into, 'New2026Word/submission.yaml'), 'utf8')).toBe('id: New2026Word\n# $Id$\n');
});

test('without an id, what differs from the base is fetched', () => {
  put('submissions/New2026Word/submission.yaml', 'id: New2026Word\n');
  expect(fetchSubmitted({ ...propose(), id: null }, into)).toEqual(['New2026Word']);
  put('README.md', 'nothing submitted\n');
  expect(fetchSubmitted({ ...propose(), id: null }, into)).toEqual([]);
});

test('a pull request that has moved on is refused', () => {
  put('submissions/New2026Word/submission.yaml', 'id: New2026Word\n');
  const first = propose();
  put('submissions/New2026Word/submission.yaml', 'id: Other2026Word\n');
  propose();
  expect(() => fetchSubmitted(first, into)).toThrow(/is at .*, not at/);
});

test('links, executables and folders are refused', () => {
  mkdirSync(join(repository, 'submissions/New2026Word'), { recursive: true });
  symlinkSync('/etc/passwd', join(repository, 'submissions/New2026Word/model.safetensors'));
  expect(() => fetchSubmitted(propose(), into)).toThrow('mode 120000, wanted a plain file');
  put('submissions/New2026Word/run.sh', 'true\n');
  git('add', '-A');
  git('update-index', '--chmod=+x', 'submissions/New2026Word/run.sh');
  git('commit', '-q', '-m', 'executable');
  git('update-ref', 'refs/pull/7/head', 'HEAD');
  const headSha = git('rev-parse', 'HEAD');
  const proposal = { repository, pullRequest: '7', headSha, id: 'New2026Word', base: repository };
  expect(() => fetchSubmitted(proposal, into)).toThrow('mode 100755');
  git('reset', '-q', '--hard', 'HEAD~1');
  put('submissions/New2026Word/deep/file.yaml', 'a: 1\n');
  expect(() => fetchSubmitted(propose(), into)).toThrow('straight inside submissions/<id>/');
});

test.each([
  [{ pullRequest: '7; true' }, 'number of the pull request'],
  [{ pullRequest: '../heads/main' }, 'number of the pull request'],
  [{ headSha: 'main' }, 'head SHA'],
  [{ headSha: '--upload-pack=true' }, 'head SHA'],
  [{ id: '../Old2016Word' }, 'id of the submission'],
])('%o is refused by name', (wrong, message) => {
  put('submissions/New2026Word/submission.yaml', 'id: New2026Word\n');
  expect(() => fetchSubmitted({ ...propose(), ...wrong }, into)).toThrow(message);
});

test('a submission that is not there is named', () => {
  put('README.md', 'nothing submitted\n');
  expect(() => fetchSubmitted(propose(), into)).toThrow('submissions/New2026Word: the pull request has no such folder');
});
