import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { cacheDirectory } from './cache.ts';

afterEach(() => vi.unstubAllEnvs());

test.each([
  [{ PARAPET_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg', HOME: '/home/x' }, '/own'],
  [{ PARAPET_CACHE_DIR: '', XDG_CACHE_HOME: '/xdg', HOME: '/home/x' }, '/xdg/parapet'],
  [{ PARAPET_CACHE_DIR: '', XDG_CACHE_HOME: '', HOME: '/home/x' }, '/home/x/.cache/parapet'],
])('%j: the cache is %s', (environment, folder) => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  expect(cacheDirectory()).toBe(folder);
});

test('a home folder that is none is an error with a way out, not a folder beside where one happens to be', () => {
  vi.stubEnv('PARAPET_CACHE_DIR', '');
  vi.stubEnv('XDG_CACHE_HOME', '');
  vi.stubEnv('HOME', '');
  if (homedir() !== '') return expect(cacheDirectory()).toBe(join(homedir(), '.cache', 'parapet'));
  expect(cacheDirectory).toThrow(
    expect.objectContaining({ kind: 'infrastructure', hint: expect.stringContaining('PARAPET_CACHE_DIR') }),
  );
  return undefined;
});
