import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addressSource, download } from './datasets-address.ts';

let folder: string;
let server: Server | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-download-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
const to = () => join(folder, 'file');

describe('a download', () => {
  test('comes, through a redirect, after an answer that says to wait', async () => {
    let calls = 0;
    const base = await serve((request, response) => {
      calls++;
      if (calls === 1) response.writeHead(503).end();
      else if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else response.end('contents');
    });
    await download(`${base}a`, to(), 100, undefined);
    expect(await readFile(to(), 'utf8')).toBe('contents');
  });

  test('that is cut off is tried again', async () => {
    let calls = 0;
    const base = await serve((_, response) => {
      if (++calls > 1) return response.end('contents');
      response.writeHead(200, { 'content-length': 8 });
      response.write('con', () => response.destroy());
      return undefined;
    });
    await download(base, to(), 100, undefined);
    expect(await readFile(to(), 'utf8')).toBe('contents');
  });

  test.each<[string, RequestListener, string]>([
    ['is not there', (_, response) => void response.writeHead(404).end(), 'HTTP 404'],
    ['is larger than it may be', (_, response) => void response.end('x'.repeat(101)), 'more than 100 bytes'],
    [
      'redirects for ever',
      (_, response) => void response.writeHead(302, { location: '/' }).end(),
      'redirects too often',
    ],
    [
      'redirects to a file',
      (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      'without https',
    ],
  ])('that %s ends at once and leaves nothing', async (_, listener, message) => {
    const base = await serve(listener);
    await expect(download(base, to(), 100, undefined)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });

  test('where nobody answers fails fast', async () => {
    const base = await serve(() => undefined);
    server?.close();
    const started = performance.now();
    await expect(download(base, to(), 100, undefined)).rejects.toMatchObject({ kind: 'infrastructure' });
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('is interrupted by the signal', async () => {
    const base = await serve((_, response) => void response.write('x'));
    await expect(download(base, to(), 100, AbortSignal.timeout(100))).rejects.toMatchObject({ kind: 'interrupted' });
    expect(await readdir(folder)).toEqual([]);
  });
});

test('a source unpacks what it downloads, and refuses what unpacks to more', async () => {
  const base = await serve((_, response) => void response.end(gzipSync('abc')));
  const source = addressSource(base, 1);
  const wanted = (bytes: number) => [{ name: 'a', bytes, sha256: '' }];
  await source.fetch(folder, wanted(100), { tell: () => undefined });
  expect(await readFile(join(folder, 'a'), 'utf8')).toBe('abc');
  await expect(
    source.fetch(
      folder,
      wanted(30).map((file) => ({ ...file, bytes: 2 })),
      { tell: () => undefined },
    ),
  ).rejects.toMatchObject({ kind: 'integrity' });
});
