import { readFileSync } from 'node:fs';

/** Whether this process may mount a disk; root of a container often may not. */
export function mayMount(): boolean {
  if (process.platform !== 'linux') return false;
  const status = readFileSync('/proc/self/status', 'utf8');
  const [, capabilities = '0'] = /^CapEff:\t([0-9a-f]+)$/m.exec(status) ?? [];
  const CAP_SYS_ADMIN = 21n;
  return ((BigInt(`0x${capabilities}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
}
