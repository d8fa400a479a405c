import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../backends/tools.ts';

/**
 * Libraries that PyTorch's wheel for Linux asks the loader for, though nothing calls them without a graphics processor. The
 * real ones are 2.5 GB of downloads. Versions as in `readelf -V` of torch 2.15.0; null for a library without.
 */
const libraries: readonly { name: string; version: string | null; symbols?: readonly string[] }[] = [
  ...[
    'cublas.so.13',
    'cublasLt.so.13',
    'cudnn.so.9',
    'cufft.so.12',
    'cupti.so.13',
    'cusparse.so.12',
    'nvrtc.so.13',
  ].map((name) => ({ name: `lib${name}`, version: `lib${name}` })),
  ...['cufile.so.0', 'cusparseLt.so.0', 'nccl.so.2'].map((name) => ({ name: `lib${name}`, version: null })),
  {
    name: 'libnvshmem_host.so.3',
    version: 'NVSHMEM',
    // Their addresses are taken while torch is loaded, so they must exist.
    symbols: [
      'nvshmem_init',
      'nvshmem_selected_device_transport',
      'nvshmemi_device_only_state',
      'nvshmemi_get_device_state_ptrs',
    ],
  },
];

/** What decides the placeholders, for the key of an installation. */
export const placeholderDigestText = JSON.stringify(libraries);

/**
 * Compiles an empty library in place of each. With them torch loads as long as functions are bound at their first call
 * (`RTLD_LAZY`, which `python/load_torch.py` sets), and finds no graphics processor.
 * @param folder where torch looks for libraries: its own
 */
export async function writePlaceholders(folder: string, scratch: string): Promise<void> {
  await mkdir(scratch, { recursive: true });
  for (const { name, version, symbols = [] } of libraries) {
    const source = join(scratch, 'placeholder.c');
    const script = join(scratch, 'placeholder.map');
    await writeFile(source, `${symbols.map((symbol) => `int ${symbol};`).join('\n')}\n`);
    await writeFile(script, `${version ?? 'NONE'} { ${symbols.length > 0 ? 'global: *;' : ''} };\n`);
    const versions = version === null ? [] : [`-Wl,--version-script=${script}`];
    const output = ['-shared', '-nostdlib', '-o', join(folder, name), `-Wl,-soname,${name}`, ...versions];
    await runTool(process.env.CXX || 'g++', ['-x', 'c', source, ...output], {
      hint: 'A C++ compiler makes the libraries that PyTorch asks for: sudo apt-get install g++ (or set CXX)',
    });
  }
  await rm(scratch, { recursive: true, force: true });
}
