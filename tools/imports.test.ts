import { describe, expect, test } from 'vitest';
import { importProblems, resolve } from './imports.ts';
import { astroReferencesOf, referencesOf } from './specifiers.ts';
import { sources } from './tree.ts';

/** Problems of a tree that holds one file, or a few. */
function problemsOf(files: Record<string, string>): string[] {
  return importProblems(new Map(Object.entries(files))).map((problem) => `${problem.file}:${problem.line}`);
}

test('every import of the repository keeps to the table', () => {
  const found = importProblems(sources()).map(({ file, line, message }) => `${file}:${line} ${message}`);
  expect(found).toEqual([]);
});

test('no module is longer than 300 lines', () => {
  const long = [...sources()]
    .filter(([file]) => !file.endsWith('.test.ts'))
    .map(([file, text]) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > 300);
  expect(long).toEqual([]);
});

describe('a broken rule is found', () => {
  const broken: readonly [rule: string, file: string, source: string][] = [
    ['an attack imports another attack', 'runner/core/attacks/pgd.ts', "import { fgsm } from './fgsm.ts';"],
    ['an attack imports the judge', 'runner/core/attacks/pgd.ts', "import { judge } from '../metrics/judge.ts';"],
    ['an attack imports a model', 'runner/core/attacks/pgd.ts', "import { x } from '../models/index.ts';"],
    ['an attack imports a suite', 'runner/core/attacks/pgd.ts', "import type { Suite } from '../suites/suite.ts';"],
    ['a part of attacks imports an attack', 'runner/core/attacks/shared/a.ts', "export * from '../pgd.ts';"],
    ['core imports Node', 'runner/core/a.ts', "import fs from 'node:fs';"],
    ['core imports Node without its prefix', 'runner/core/a.ts', "import fs from 'fs';"],
    ['core imports d3', 'runner/core/a.ts', "import { scaleLinear } from 'd3';"],
    ['core imports another package', 'runner/core/a.ts', "import yaml from 'yaml';"],
    ['core imports a second copy of tfjs', 'runner/core/a.ts', "import * as tf from '@tensorflow/tfjs-core';"],
    ['core imports a backend', 'runner/core/a.ts', "import '@tensorflow/tfjs-backend-wasm';"],
    ['core imports another folder', 'runner/core/a.ts', "import { x } from '../files/cache.ts';"],
    ['core imports another folder lazily', 'runner/core/a.ts', "const x = await import('../backends/index.ts');"],
    ['core imports a type of another folder', 'runner/core/a.ts', "type X = import('../cli/main.ts').X;"],
    ['core requires', 'runner/core/a.ts', "const fs = require('node:fs');"],
    ['core imports a computed name', 'runner/core/a.ts', 'const x = await import(name);'],
    ['core starts a worker elsewhere', 'runner/core/a.ts', "new URL('../shards/worker.ts', import.meta.url);"],
    ['core reaches itself by #core', 'runner/core/a.ts', "import { x } from '#core/b.ts';"],
    ['core imports a test', 'runner/core/a.ts', "import { x } from './b.test.ts';"],
    ['a service imports the CLI', 'runner/files/a.ts', "import { x } from '../cli/output.ts';"],
    ['a service imports what draws a terminal', 'runner/shards/a.ts', "import { Command } from 'commander';"],
    ['a service imports the site', 'runner/backends/a.ts', "import { x } from '../../site/charts/bar.ts';"],
    ['a service reaches core by a path', 'runner/files/a.ts', "import { x } from '../core/errors.ts';"],
    ['the CLI imports the site', 'runner/cli/a.ts', "import { x } from '../../site/lab/state.ts';"],
    ['the CLI imports astro', 'runner/cli/a.ts', "import { build } from 'astro';"],
    ['a test of the runner imports the site', 'runner/cli/a.test.ts', "import '../../site/lab/state.ts';"],
    ['a chart imports tfjs', 'site/charts/a.ts', "import * as tf from '@tensorflow/tfjs';"],
    ['a chart imports the lab', 'site/charts/a.ts', "import { x } from '../lab/state.ts';"],
    ['a chart imports Node', 'site/charts/a.ts', "import fs from 'node:fs';"],
    ['the lab imports the runner', 'site/lab/a.ts', "import { x } from '../../runner/files/cache.ts';"],
    ['the lab imports the runner by an asset query', 'site/lab/a.ts', "import x from '../../runner/cli/main.ts?url';"],
    [
      'the lab starts a worker of the runner',
      'site/lab/a.ts',
      "new Worker(new URL('../../runner/shards/w.ts', import.meta.url));",
    ],
    ['the lab imports Node', 'site/lab/a.ts', "import fs from 'node:fs';"],
    ['a page imports the runner', 'site/pages/a.astro', "---\nimport { x } from '../../runner/files/cache.ts';\n---\n"],
    ['a page imports tfjs', 'site/pages/a.astro', "---\nimport * as tf from '@tensorflow/tfjs';\n---\n"],
    ['a script of a page imports tfjs', 'site/pages/a.astro', "---\n---\n<script>import '@tensorflow/tfjs';</script>"],
    ['a script of a page imports Node', 'site/pages/a.astro', "---\n---\n<script>import 'node:fs';</script>"],
    ['tools import the runner', 'tools/a.ts', "import { x } from '../runner/core/tracks.ts';"],
    ['something leads out of the repository', 'tools/a.ts', "import { x } from '../../elsewhere.ts';"],
    ['a file lies in a folder of its own', 'runner/misc/a.ts', ''],
  ];
  test.each(broken)('%s', (_rule, file, source) => {
    expect(problemsOf({ [file]: source })).not.toEqual([]);
  });

  test('a script of a page reaches tfjs by way of core', () => {
    const files = {
      'site/pages/a.astro': "---\n---\n<script>\n  import { x } from '../components/a.ts';\n</script>",
      'site/components/a.ts': "import { y } from '#core/b.ts';",
      'runner/core/b.ts': "import * as tf from '@tensorflow/tfjs';",
    };
    expect(problemsOf(files)).toEqual(['runner/core/b.ts:1']);
    const typesOnly = { ...files, 'runner/core/b.ts': "import type * as tf from '@tensorflow/tfjs';" };
    expect(problemsOf(typesOnly)).toEqual([]);
  });
});

describe('what the table allows passes', () => {
  const allowed: readonly [rule: string, file: string, source: string][] = [
    [
      'an attack',
      'runner/core/attacks/pgd.ts',
      "import * as tf from '@tensorflow/tfjs'; import { z } from 'zod'; import { project } from '../projections.ts'; import { step } from './shared/step.ts'; import type { Attack } from './attack.ts';",
    ],
    ['the list of attacks', 'runner/core/attacks/index.ts', "import { pgd } from './pgd.ts';"],
    ['the frame of attacks', 'runner/core/attacks/run.ts', "import { predictions } from '../metrics/judge.ts';"],
    [
      'a backend',
      'runner/backends/wasm.ts',
      "import '@tensorflow/tfjs-backend-wasm'; import { x } from '#core/kernels/index.ts'; import os from 'node:os';",
    ],
    ['the CLI', 'runner/cli/a.ts', "import { run } from '../shards/run.ts'; const x = await import(name);"],
    [
      'the lab',
      'site/lab/view.ts',
      "import wasm from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url'; new Worker(new URL('./worker.ts', import.meta.url)); import { bar } from '../charts/bar.ts';",
    ],
    [
      'a page of the lab',
      'site/pages/lab.astro',
      "---\nimport { tracks } from '#core/tracks.ts';\n---\n<script>import '../lab/view.ts';</script>",
    ],
    [
      'a test of the lab against the runner',
      'site/lab/lab.test.ts',
      "import { startBackend } from '../../runner/backends/index.ts'; import { chromium } from 'playwright-core';",
    ],
  ];
  test.each(allowed)('%s', (_rule, file, source) => {
    expect(importProblems(new Map([[file, source]]))).toEqual([]);
  });
});

test('a specifier is found in each form, with its line', () => {
  const source = `import a from 'a';
export * from 'b';
import type { C } from 'c';
type D = import('d').D;
const e = await import('e');
const f = require('f');
new URL('./g.ts', import.meta.url);
const h = "import i from 'i'"; // import j from 'j'
const k = import.meta.resolve('k');
await import(h);
`;
  const { specifiers, dynamic } = referencesOf(source);
  expect(specifiers.map(({ text, line }) => `${text} ${line}`)).toEqual([
    'a 1',
    'b 2',
    'c 3',
    'd 4',
    'e 5',
    'f 6',
    './g.ts 7',
    'k 9',
  ]);
  expect(specifiers.filter((s) => s.typeOnly).map((s) => s.text)).toEqual(['c', 'd']);
  expect(dynamic).toEqual([10]);
});

test('the parts of a page are told apart, with their lines', () => {
  const page =
    "---\nimport A from './A.astro';\n---\n<p>import</p>\n<script>\nimport './b.ts';\n</script>\n<script src='./c'></script>";
  const { build, client } = astroReferencesOf(page);
  expect(build.specifiers).toEqual([{ text: './A.astro', line: 2, typeOnly: false }]);
  expect(client.specifiers).toEqual([{ text: './b.ts', line: 6, typeOnly: false }]);
});

test.each([
  ['runner/files/a.ts', '#core/errors.ts', 'runner/core/errors.ts'],
  ['site/lab/a.ts', '../charts/bar.ts?url', 'site/charts/bar.ts'],
  ['site/lab/a.ts', '@tensorflow/tfjs-backend-wasm/wasm-out/x.wasm?url', '@tensorflow/tfjs-backend-wasm'],
  ['site/a.ts', 'astro:content', 'astro'],
  ['site/a.ts', 'd3', 'd3'],
  ['tools/a.ts', 'fs/promises', 'node:fs/promises'],
  ['tools/a.ts', '../../x.ts', null],
])('in %s, %s means %s', (file, specifier, target) => {
  expect(resolve(file, specifier)).toBe(target);
});
