/**
 * Downloads from an address: a connection in three seconds or not at all, a cap on what comes, a few tries.
 */
import { createWriteStream } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ParapetError } from '#core/errors.ts';
import type { Source } from './datasets-source.ts';
import { fileError } from './file-error.ts';
import { throwIfInterrupted } from './interrupted.ts';

const CONNECT_MILLISECONDS = 3000;
const SILENCE_MILLISECONDS = 30_000;
const TRIES = 3;
const REDIRECTS = 3;

/** A folder on the web that holds the files of a data set under their names with .gz. */
export function addressSource(base: string, megabytes: number): Source {
  return {
    name: base,
    megabytes,
    roomMegabytes: 80,
    async fetch(folder, wanted, { signal }) {
      for (const { name, bytes } of wanted) {
        const packed = join(folder, `${name}.gz`);
        await download(`${base}${name}.gz`, packed, bytes, signal);
        await writeFile(join(folder, name), unpack(await readFile(packed), name, bytes));
        await rm(packed);
      }
    },
  };
}

function unpack(gzip: Uint8Array, name: string, bytes: number): Uint8Array {
  try {
    return gunzipSync(gzip, { maxOutputLength: bytes });
  } catch (cause) {
    throw new ParapetError('integrity', `${name}.gz is no gzip file of ${bytes} bytes`, undefined, { cause });
  }
}

/**
 * @param path where it goes; removed when the download fails
 * @param maxBytes more than this is refused as it comes
 * @throws ParapetError 'infrastructure' after three tries, or at once for an answer that another try would not change
 */
export async function download(
  address: string,
  path: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    throwIfInterrupted(signal);
    try {
      const answer = await follow(new URL(address), signal);
      return await pipeline(answer, cap(maxBytes), createWriteStream(path), { signal });
    } catch (thrown) {
      await rm(path, { force: true });
      throwIfInterrupted(signal);
      const error = isOfDisk(thrown) ? fileError('write', path, thrown) : thrown;
      if (error instanceof ParapetError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      // A name that is not found or a connection that is not made will not be there a second later.
      if (attempt === TRIES || !/^(ECONNRESET|EPIPE|BUSY|SILENT|ERR_STREAM_PREMATURE_CLOSE)/.test(code)) {
        throw new ParapetError('infrastructure', `no answer (${code})`, undefined, { cause: error });
      }
      await sleep(500 * 2 ** attempt * (1 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}

function isOfDisk(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT|EROFS|EACCES|EFBIG|EIO)$/.test((error as NodeJS.ErrnoException).code ?? '');
}

async function follow(address: URL, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  let at = address;
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const answer = await request(at, signal);
    const { statusCode = 0, headers } = answer;
    if (statusCode === 200) return answer;
    answer.destroy();
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      at = new URL(headers.location, at);
      if (at.protocol !== 'https:' && at.protocol !== address.protocol) break;
    } else if (statusCode === 429 || statusCode >= 500) throw new Error(`BUSY: HTTP ${statusCode}`);
    else throw new ParapetError('infrastructure', `${at} answers HTTP ${statusCode}`);
  }
  throw new ParapetError('infrastructure', `${address} redirects too often, or to an address without https`);
}

function request(address: URL, signal: AbortSignal | undefined): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const get = address.protocol === 'https:' ? getSecure : getPlain;
  const call: ClientRequest = get(address, {
    signal,
    timeout: SILENCE_MILLISECONDS,
    headers: { 'accept-encoding': 'identity' },
  });
  const connecting = setTimeout(() => call.destroy(new Error('no connection in 3 s')), CONNECT_MILLISECONDS);
  const connected = address.protocol === 'https:' ? 'secureConnect' : 'connect';
  call.on('socket', (socket) => socket.once(connected, () => clearTimeout(connecting)));
  call.on('timeout', () => call.destroy(new Error('SILENT: nothing for 30 s')));
  call.on('close', () => clearTimeout(connecting));
  call.on('error', reject);
  call.on('response', resolve);
  return promise;
}

function cap(maxBytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > maxBytes) done(new ParapetError('integrity', `more than ${maxBytes} bytes`));
      else done(null, chunk);
    },
  });
}
