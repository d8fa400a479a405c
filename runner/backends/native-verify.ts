import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { sourceDigest } from './native-sources.ts';
import { runTool } from './tools.ts';

const manifestSchema = z.strictObject({
  flavour: z.enum(['cpu', 'cuda']),
  tensorflow: z.string(),
  wheels: z.array(z.strictObject({ project: z.string(), version: z.string(), sha256: z.string() })),
  /** Digest of the sources that the binding was compiled from. */
  sources: z.string(),
  /** Size and SHA-256 of every installed file, by path. */
  files: z.record(z.string(), z.strictObject({ bytes: z.int(), sha256: z.string() })),
});

/** What `installed.json` says of an installation: where it comes from and what it consists of. */
export type Manifest = z.infer<typeof manifestSchema>;

/** SHA-256 of a file, in hexadecimal. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** @returns null where there is none, or none that can be read */
export async function readManifest(directory: string): Promise<Manifest | null> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(directory, 'installed.json'), 'utf8')));
  } catch {
    return null;
  }
}

/** Holds every installed file against the manifest and tries the binding. @returns what is wrong, or null */
export async function checkInstallation(directory: string): Promise<string | null> {
  if (!existsSync(directory)) return 'nothing is installed';
  const manifest = await readManifest(directory);
  if (manifest === null) return 'installed.json is missing or cannot be read';
  if (manifest.sources !== sourceDigest()) return 'it was compiled from another version of the binding';
  for (const [name, { sha256 }] of Object.entries(manifest.files)) {
    const digest = await digestOf(join(directory, name)).catch(() => 'nothing');
    if (digest !== sha256) return `${name} has SHA-256 ${digest}, wanted ${sha256}`;
  }
  return testLoad(directory).then(
    () => null,
    (error: Error) => error.message,
  );
}

const loadResultSchema = z.strictObject({ version: z.string(), gpu: z.boolean() });

/**
 * Loads the binding in a process of its own, where a crash harms nobody, and has it multiply two matrices.
 * @throws ParapetError 'infrastructure' when it cannot be loaded or computes nonsense
 */
export async function testLoad(directory: string): Promise<z.infer<typeof loadResultSchema>> {
  const script = join(import.meta.dirname, 'native-try.ts');
  const output = await runTool(process.execPath, [script, directory], {
    hint: 'The system may lack a library: its name is in the message.',
  });
  return loadResultSchema.parse(JSON.parse(output));
}
