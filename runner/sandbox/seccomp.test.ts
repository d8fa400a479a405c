import { describe, expect, it } from 'vitest';
import { refusedSystemCalls } from './seccomp.ts';

const audit = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;

/** Runs the program as the kernel does, on the three words that it looks at. */
function decide(arch: 'x64' | 'arm64', number: number, flags = 0, processor: number = audit[arch]): number {
  const bytes = Buffer.from(refusedSystemCalls(arch) as Uint8Array);
  const words: Record<number, number> = { 0: number, 4: processor, 16: flags };
  let loaded = 0;
  for (let at = 0; at < bytes.length / 8; at++) {
    const [code, value] = [bytes.readUInt16LE(8 * at), bytes.readUInt32LE(8 * at + 4)];
    if (code === 0x06) return value;
    if (code === 0x20) loaded = words[value] as number;
    else {
      const holds = code === 0x15 ? loaded === value : code === 0x35 ? loaded >= value : (loaded & value) !== 0;
      at += bytes.readUInt8(8 * at + (holds ? 2 : 3));
    }
  }
  throw new Error('the program has no end');
}

const allow = 0x7fff0000;
const eperm = 0x00050001;
const thread = 0x3d0f00; // What glibc passes to clone for a thread, CLONE_THREAD among it.

describe.each([
  ['x64', { read: 0, clone: 56, fork: 57, execve: 59, socket: 41, socketpair: 53, ptrace: 101 }],
  ['arm64', { read: 63, clone: 220, fork: null, execve: 221, socket: 198, socketpair: 199, ptrace: 117 }],
] as const)('the filter on %s', (arch, { read, clone, fork, execve, socket, socketpair, ptrace }) => {
  it('lets pass what a program needs', () => {
    for (const number of [read, execve, socketpair]) expect(decide(arch, number)).toBe(allow);
  });

  it('starts threads and no processes', () => {
    expect(decide(arch, clone, thread)).toBe(allow);
    expect(decide(arch, clone, 17)).toBe(eperm);
    expect(decide(arch, clone, 0x10000000)).toBe(eperm);
    if (fork !== null) expect(decide(arch, fork)).toBe(eperm);
    expect(decide(arch, 435)).toBe(0x00050026);
  });

  it('refuses sockets, tracing and the ring of io_uring', () => {
    for (const number of [socket, ptrace, 425]) expect(decide(arch, number)).toBe(eperm);
  });

  it('ends a program of another processor or table', () => {
    expect(decide(arch, read, 0, 0x40000003)).toBe(0x80000000);
    expect(decide(arch, 0x40000000 + clone)).toBe(0x80000000);
  });
});

it('there is no filter for a processor that is not known', () => {
  expect(refusedSystemCalls('mips')).toBeNull();
});
