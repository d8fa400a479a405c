/**
 * The system calls that a sandboxed process is refused, as a classic BPF program for `bwrap --seccomp`. It may start threads, and
 * no processes: a fork bomb has nothing to begin with. The others open doors that neither namespaces nor missing rights close:
 * sockets of families that know no namespaces (vsock), memory that no limit counts, key rings, and parts of the kernel with a
 * history of holes.
 *
 * Numbers: Linux, arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h; the program's form:
 * Documentation/userspace-api/seccomp_filter.rst.
 */

interface Numbers {
  /** AUDIT_ARCH_* of the processor. */
  readonly audit: number;
  readonly clone: number;
  readonly refused: Readonly<Record<string, number>>;
}

/** The same on both: system calls since Linux 5.1. */
const common = {
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  memfd_secret: 447,
} as const;
const CLONE3 = 435;

const processors: Readonly<Record<string, Numbers>> = {
  x64: {
    audit: 0xc000003e,
    clone: 56,
    refused: {
      ...common,
      fork: 57,
      vfork: 58,
      unshare: 272,
      setns: 308,
      ptrace: 101,
      process_vm_readv: 310,
      process_vm_writev: 311,
      socket: 41,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      bpf: 321,
      perf_event_open: 298,
      userfaultfd: 323,
      memfd_create: 319,
      shmget: 29,
      msgget: 68,
      name_to_handle_at: 303,
      open_by_handle_at: 304,
    },
  },
  arm64: {
    audit: 0xc00000b7,
    clone: 220,
    refused: {
      ...common,
      unshare: 97,
      setns: 268,
      ptrace: 117,
      process_vm_readv: 270,
      process_vm_writev: 271,
      socket: 198,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      bpf: 280,
      perf_event_open: 241,
      userfaultfd: 282,
      memfd_create: 279,
      shmget: 194,
      msgget: 186,
      name_to_handle_at: 264,
      open_by_handle_at: 265,
    },
  },
};

const load = 0x20; // BPF_LD | BPF_W | BPF_ABS
const jumpIfEqual = 0x15;
const jumpIfAtLeast = 0x35;
const jumpIfSet = 0x45;
const answer = 0x06;

const KILL = 0x80000000;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
/** The C library then asks for `clone`, whose flags can be seen. */
const ENOSYS = 0x00050026;

const NUMBER_AT = 0;
const PROCESSOR_AT = 4;
/** The lower half of the first argument. */
const FLAGS_AT = 16;
const CLONE_THREAD = 0x00010000;
/** Of x64's other table, by which a filter could be passed. */
const X32 = 0x40000000;

/** @returns the program; null for a processor whose numbers are not known here */
export function refusedSystemCalls(arch: string = process.arch): Uint8Array | null {
  const numbers = processors[arch];
  if (numbers === undefined) return null;
  const program: [code: number, value: number, then: number, otherwise: number][] = [
    [load, PROCESSOR_AT, 0, 0],
    [jumpIfEqual, numbers.audit, 1, 0],
    [answer, KILL, 0, 0],
    [load, NUMBER_AT, 0, 0],
    [jumpIfAtLeast, X32, 0, 1],
    [answer, KILL, 0, 0],
    [jumpIfEqual, CLONE3, 0, 1],
    [answer, ENOSYS, 0, 0],
    ...Object.values(numbers.refused).flatMap((number): typeof program => [
      [jumpIfEqual, number, 0, 1],
      [answer, EPERM, 0, 0],
    ]),
    [jumpIfEqual, numbers.clone, 0, 3],
    [load, FLAGS_AT, 0, 0],
    [jumpIfSet, CLONE_THREAD, 1, 0],
    [answer, EPERM, 0, 0],
    [answer, ALLOW, 0, 0],
  ];
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, value, then, otherwise], i) => {
    bytes.writeUInt16LE(code, 8 * i);
    bytes.writeUInt8(then, 8 * i + 2);
    bytes.writeUInt8(otherwise, 8 * i + 3);
    bytes.writeUInt32LE(value, 8 * i + 4);
  });
  return bytes;
}
