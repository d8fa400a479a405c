/**
 * A disk that fails at one step, or on which everything ends at one step as it does with SIGKILL: what `node:fs/promises` changes is
 * counted, step by step. For `vi.mock('node:fs/promises', faultyDisk)`.
 */
type Fs = typeof import('node:fs/promises');
type Handle = Awaited<ReturnType<Fs['open']>>;

/** What happens at the step: the system says so, or the process is no more, having written nothing or half. */
export type Fault = { readonly code: string } | 'killed' | 'killed half-way';

export class Killed extends Error {}

/** One for each process that imports this file. */
export const disk = {
  steps: 0,
  names: [] as string[],
  at: 0,
  fault: null as Fault | null,
  dead: false,
  /** Begins to count anew. @param at the step, from 1; 0 for none */
  begin(at = 0, fault: Fault | null = null): void {
    Object.assign(disk, { steps: 0, names: [], at, fault, dead: false });
  },
};

/** @param half does half of what `whole` does */
async function step<T>(name: string, path: string, whole: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
  if (disk.dead) throw new Killed();
  disk.names.push(name);
  if (++disk.steps !== disk.at || disk.fault === null) return whole();
  const { fault } = disk;
  if (fault !== 'killed') await half?.();
  if (typeof fault === 'object') {
    throw Object.assign(new Error(`${fault.code}: ${name}`), { code: fault.code, syscall: name, path });
  }
  disk.dead = true;
  throw new Killed();
}

/** Names of the methods that change a disk, or make a change last. */
const changing = ['mkdir', 'rename', 'rm', 'link'] as const;

function faultyHandle(handle: Handle, path: string): Handle {
  const writes = (name: 'writeFile' | 'appendFile') => (data: string | Uint8Array) => {
    const half = () => handle[name](data.slice(0, Math.floor(data.length / 2)));
    return step(name, path, () => handle[name](data), half);
  };
  const faulty: Partial<Record<PropertyKey, unknown>> = {
    writeFile: writes('writeFile'),
    appendFile: writes('appendFile'),
    // Nothing here outlasts a power failure: there is nothing to wait for.
    sync: () => step('fsync', path, async () => {}),
    truncate: (length: number) => step('ftruncate', path, () => handle.truncate(length)),
  };
  return new Proxy(handle, {
    get(target, key) {
      const value = faulty[key] ?? Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** @param original gives the real module */
export async function faultyDisk(original: () => Promise<Fs>): Promise<Fs> {
  const fs = await original();
  const methods = changing.map((name) => {
    const real = fs[name] as (...args: unknown[]) => Promise<unknown>;
    return [name, (...args: unknown[]) => step(name, String(args[0]), () => real(...args))];
  });
  return {
    ...fs,
    ...Object.fromEntries(methods),
    writeFile: (path: string, data: string | Uint8Array, options?: Parameters<Fs['writeFile']>[2]) => {
      const half = () => fs.writeFile(path, data.slice(0, Math.floor(data.length / 2)), options);
      return step('write', String(path), () => fs.writeFile(path, data, options), half);
    },
    open: (path: string, flags?: string) =>
      step('open', String(path), async () => faultyHandle(await fs.open(path, flags), String(path))),
  };
}
