import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { read, root, trackedFiles } from './tree.ts';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly funding?: unknown;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
}

const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(read('package-lock.json'));
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
const manifest: Readonly<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string>>> =
  JSON.parse(read('package.json'));

test('the lockfile names no host: npm asks whichever registry a machine is set up for', () => {
  expect(packages.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
  // Where to send money is metadata of the package, and nothing is fetched from there.
  const addresses = packages.filter(([, { funding, ...entry }]) => /\w+:\/\//.test(JSON.stringify(entry)));
  expect(addresses.map(([path]) => path)).toEqual([]);
});

test('every locked package is held by its integrity', () => {
  expect(packages.filter(([, entry]) => !entry.integrity?.startsWith('sha512-')).map(([path]) => path)).toEqual([]);
});

test('every dependency is asked for by one exact version', () => {
  const asked = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
  expect(Object.entries(asked).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  for (const [name, version] of Object.entries(asked)) {
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

test('tfjs is one version in one copy: its engine is global, and two copies do not know each other', () => {
  const copies = packages.filter(([path]) => /node_modules\/@tensorflow\/tfjs[^/]*$/.test(path));
  expect(copies.filter(([path]) => path.lastIndexOf('node_modules/') > 0)).toEqual([]);
  const versions = new Set(copies.map(([, entry]) => entry.version));
  expect([...versions]).toEqual([manifest.dependencies['@tensorflow/tfjs']]);
});

// npm drops an optional package that it cannot have from the lockfile without a word, and `npm ci` then refuses the lockfile.
test('every optional package of a locked package is locked too', () => {
  const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !places(path, name).some((place) => place in lock.packages))
      .map((name) => `${name} of ${path}`),
  );
  expect(missing).toEqual([]);
});

/** Where Node looks for a package, from the inside out. */
function places(path: string, name: string): string[] {
  const inner = path === '' ? `node_modules/${name}` : `${path}/node_modules/${name}`;
  const above = path.lastIndexOf('node_modules/');
  return above < 0 ? [inner] : [inner, ...places(path.slice(0, above).replace(/\/$/, ''), name)];
}

test('no file names the host of a registry, nor the folder it lies in', () => {
  const publicHosts = [
    ['registry', 'npmjs', 'org'],
    ['registry', 'yarnpkg', 'com'],
    ['pypi', 'org'],
    ['files', 'pythonhosted', 'org'],
    ['proxy', 'golang', 'org'],
    ['deb', 'debian', 'org'],
  ].map((parts) => parts.join('.'));
  const words = [...publicHosts, ...configuredHosts(), root.replace(/\/$/, '')];
  const found = trackedFiles().flatMap((file) => {
    if (!/\.(md|ya?ml|json|m?[jt]s|astro|css|cff|txt|html)$|(^|\/)\.?[^./]+$|\.npmrc$/.test(file)) return [];
    const text = read(file);
    return words.filter((word) => text.includes(word)).map((word) => `${file}: ${word}`);
  });
  expect(found).toEqual([]);
});

/** The hosts that npm on this machine is set up for. */
function configuredHosts(): string[] {
  const address = execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim();
  const host = URL.canParse(address) ? new URL(address).hostname : '';
  return host === '' || host === 'localhost' || /^[0-9.]+$/.test(host) ? [] : [host];
}
