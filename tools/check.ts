import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { importProblems } from './imports.ts';
import { root, sources } from './tree.ts';

/** One check of `npm run check`: a command, or a function that gives the lines of what is wrong. */
interface Check {
  readonly name: string;
  readonly run: readonly [command: string, ...args: string[]] | (() => string[]);
}

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

// The slow ones come first, so that the last to end is a short one.
const checks: readonly Check[] = [
  { name: 'types of the site', run: ['astro', 'check', '--tsconfig', 'site/tsconfig.json'] },
  { name: 'types of the runner', run: tsc('.', 'runner') },
  { name: 'types of runner/core, without Node and DOM', run: tsc('runner/core', 'core') },
  { name: 'dead code', run: ['knip', '--no-progress', '--treat-config-hints-as-errors'] },
  { name: 'lint and format', run: ['biome', 'check', '--error-on-warnings', '--colors=off', '.'] },
  {
    name: 'import rules',
    run: () => importProblems(sources()).map(({ file, line, message }) => `${file}:${line} ${message}`),
  },
  { name: 'workflows, actionlint', run: ['actionlint', '-no-color'] },
  { name: 'workflows, zizmor', run: ['zizmor', '--offline', '--no-progress', '--quiet', '.github'] },
];

/** What was found last time is kept, so that a second check takes a fraction of the first. */
function tsc(project: string, name: string): Check['run'] {
  const cache = join(root, 'node_modules', '.cache', 'parapet', `${name}.tsbuildinfo`);
  return ['tsc', '-p', project, '--incremental', '--tsBuildInfoFile', cache];
}

/** Checkers that npm does not bring: left out by name where a machine lacks them. */
const optional: ReadonlySet<string> = new Set(['actionlint', 'zizmor']);

const folders = [join(root, 'node_modules', '.bin'), ...(process.env.PATH ?? '').split(delimiter), ...goFolder()];
const environment = {
  ...process.env,
  PATH: folders.join(delimiter),
  ASTRO_TELEMETRY_DISABLED: '1',
  NO_COLOR: '1',
};

/** Where `go install` puts programs, which is often not on the PATH. */
function goFolder(): string[] {
  const go = spawnSync('go', ['env', 'GOPATH'], { encoding: 'utf8' });
  return go.status === 0 ? [join(go.stdout.trim(), 'bin')] : [];
}

function isInstalled(command: string): boolean {
  return folders.some((folder) => folder !== '' && existsSync(join(folder, command)));
}

async function outcome({ run }: Check): Promise<Outcome> {
  if (typeof run === 'function') {
    const problems = run();
    return { ok: problems.length === 0, output: problems.join('\n') };
  }
  const [command, ...args] = run;
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stderr.on('data', (part: Buffer) => parts.push(part));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(parts).toString().trim() }));
  });
}

/** Takes checks from the list until it is empty; as many of these run side by side as there are processors. */
async function work(queue: Check[], failed: string[]): Promise<void> {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const command = typeof check.run === 'function' ? null : check.run[0];
    if (command !== null && optional.has(command) && !isInstalled(command)) {
      console.log(`skip  ${check.name}: ${command} is not installed`);
      continue;
    }
    const start = performance.now();
    const { ok, output } = await outcome(check);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${ok ? 'ok  ' : 'FAIL'}  ${check.name} (${seconds} s)`);
    if (ok) continue;
    failed.push(check.name);
    console.log(output.replace(/^/gm, '      '));
  }
}

const queue = [...checks];
const failed: string[] = [];
await Promise.all(Array.from({ length: availableParallelism() }, () => work(queue, failed)));
console.log(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join('; ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
