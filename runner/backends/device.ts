import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { promisify } from 'node:util';

/** Name of the processor, as the system gives it. */
export function processorName(): string {
  return cpus()[0]?.model.trim() || 'unknown processor';
}

/** Name of the first GPU and version of its driver, as nvidia-smi gives them, or in a sandbox the driver; null without one. */
export async function gpuName(): Promise<{ name: string; driver: string } | null> {
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const answer = await promisify(execFile)('nvidia-smi', query, { timeout: 10_000 }).catch(() => null);
  const [name, driver] = answer?.stdout.split('\n')[0]?.split(', ') ?? [];
  return name && driver ? { name, driver } : gpuOfDriver();
}

/** What the driver says under /proc, for a process that may start no other. */
export function gpuOfDriver(folder = '/proc/driver/nvidia'): { name: string; driver: string } | null {
  try {
    const [card = ''] = readdirSync(`${folder}/gpus`);
    const name = /^Model:\s+(.+)$/m.exec(readFileSync(`${folder}/gpus/${card}/information`, 'utf8'))?.[1];
    const driver = /Kernel Module.*?\s(\d+\.[\d.]+)/.exec(readFileSync(`${folder}/version`, 'utf8'))?.[1];
    return name && driver ? { name: name.trim(), driver } : null;
  } catch {
    return null;
  }
}

/** Whether the driver of an NVIDIA card (or of one passed through by WSL) is loaded. */
export function hasGpu(): boolean {
  return existsSync('/dev/nvidiactl') || existsSync('/dev/dxg');
}
