/** A part of the repository, and what it may import. */
export interface Zone {
  readonly name: string;
  readonly files: RegExp;
  /** Paths from the root and names of packages that it may import. */
  readonly may: readonly RegExp[];
  /** The rule in words, for the person who broke it. */
  readonly rule: string;
  /** Whether it may import a name that is put together at run time. */
  readonly computedImports?: boolean;
}

/** Tests and what only tests are made of. */
const test = /\.test\.ts$|^(site|runner\/(?!core\/)[^/]+)\/testing(\/|\.ts$)/;
const tfjs = /^@tensorflow\/tfjs$/;
const zod = /^zod$/;
const node = /^node:/;
const core = /^runner\/core\//;
const services = /^runner\/(backends|files|shards|sandbox)\//;
const charts = /^site\/charts\//;
const lab = /^site\/lab\//;
const d3 = /^d3(-|$)/;

/**
 * Who may import whom. The first zone that holds a file counts.
 * A package that no zone names, such as a copy of tfjs-core, is out of bounds everywhere but in tests.
 */
export const zones: readonly Zone[] = [
  {
    name: 'a test of the runner',
    files: /^runner\/(.*\.test\.ts$|(?!core\/)[^/]+\/testing(\/|\.ts$))/,
    may: [/^(?!site\/)/],
    rule: 'tests of the runner know nothing of the site',
    computedImports: true,
  },
  { name: 'a test', files: test, may: [/./], rule: 'a test may import anything', computedImports: true },
  {
    name: 'an attack',
    files: /^runner\/core\/attacks\/(?!(attack|index|run)\.ts$)(?!shared\/)[^/]+\.ts$/,
    may: [tfjs, zod, /^runner\/core\/attacks\/(attack\.ts$|shared\/)/, ...coreFiles('errors', 'gradients')],
    rule: 'it holds one algorithm, made of tfjs, zod, attack.ts, attacks/shared and the shared mathematics',
  },
  {
    name: 'attacks/shared',
    files: /^runner\/core\/attacks\/shared\//,
    may: [tfjs, zod, /^runner\/core\/attacks\/(attack\.ts$|shared\/)/, ...coreFiles('errors', 'gradients')],
    rule: 'what several attacks are made of knows none of them, nor models, metrics and suites',
  },
  {
    name: 'runner/core',
    files: core,
    may: [tfjs, zod, core],
    rule: 'it imports tfjs, zod and core, so that it runs unchanged in a browser',
  },
  {
    name: 'runner/{backends,files,shards,sandbox}',
    files: services,
    may: [
      core,
      services,
      node,
      zod,
      /^@tensorflow\/tfjs(-backend-(wasm|webgpu)|-node|-node-gpu)?$/,
      /^(tar|yaml|fast-png|sharp|node-api-headers)$/,
      /^package\.json$/,
    ],
    rule: 'it imports core, its sisters, Node, the backends of tfjs and readers of files; never cli or site',
    computedImports: true,
  },
  {
    name: 'runner/cli and runner/bench',
    files: /^runner\/(cli|bench)\//,
    may: [/^runner\//, node, tfjs, zod, /^(commander|yaml)$/, /^package\.json$/],
    rule: 'it imports everything in runner and what draws a terminal; never the site',
    computedImports: true,
  },
  {
    name: 'site/charts',
    files: charts,
    may: [charts, core, d3],
    rule: 'a chart is a pure function of data to SVG: d3 and #core only',
  },
  {
    name: 'site/lab',
    files: lab,
    may: [lab, charts, core, d3, zod, /^@tensorflow\/tfjs(-backend-(wasm|webgl|webgpu))?$/],
    rule: 'it imports #core, tfjs, zod and charts; nothing of the runner outside core',
  },
  {
    name: 'the site',
    files: /^site\//,
    may: [/^site\//, core, d3, node, /^(astro|zod|yaml|fast-png)$/, /^(results|submissions)\//, /^package\.json$/],
    rule: 'it imports #core, d3 and astro; nothing of the runner outside core, and tfjs only in the lab',
  },
  {
    name: 'tools',
    files: /^(tools\/|[^/]+\.(m?ts|mjs)$)/,
    may: [/^tools\//, node, /^(typescript|yaml|zod|vitest|astro)$/],
    rule: 'tools look at the repository as text; they import none of it',
  },
];

/** The mathematics that attacks share, and whatever else of core is named. */
function coreFiles(...more: string[]): RegExp[] {
  return [new RegExp(`^runner/core/(${['losses', 'projections', 'random', 'tensors', ...more].join('|')})\\.ts$`)];
}

/** @returns the zone of a file; null where the layout has no place for it */
export function zoneOf(file: string): Zone | null {
  return zones.find((zone) => zone.files.test(file)) ?? null;
}

/** Whether `file` of `zone` may import `target`, a path from the root or the name of a package. */
export function mayImport(zone: Zone, file: string, target: string): boolean {
  if (test.test(target) && !test.test(file)) return false;
  return zone.may.some((pattern) => pattern.test(target));
}
