/**
 * The record of published outcomes, `results/claims/figures.jsonl`, a line for each: the SHA-256 of the file, and every figure as it was counted when the file
 * was published. A file that was altered afterwards no longer fits it, nor does a change of code that counts something else.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Experiment } from '#core/claims/experiment.ts';
import { claims } from '#core/claims/index.ts';
import { outcomesOf } from '#core/claims/outcomes-file.ts';
import { utf8 } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import { parseStrictJson } from '#core/models/strict-json.ts';
import { outcomesPath, publishedOutcomes } from './claims.ts';
import { writeDurable } from './durable.ts';
import { errorCode, fileError } from './file-error.ts';
import { sha256Of } from './sha256.ts';

const entrySchema = z.strictObject({
  /** `<paper>/<experiment>` */
  experiment: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Value of each figure. */
  figures: z.record(z.string(), z.number()),
});
type Entry = z.infer<typeof entrySchema>;

/** Logarithms and exponentials differ in their last bits from one version of Node to another. */
const TOLERANCE = 1e-9;

const pathOf = (folder: string) => join(folder, 'figures.jsonl');

/** Counts every published figure; experiments without published outcomes are left out. */
async function counted(folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { id: paper, experiments } of claims)
    for (const experiment of experiments) {
      const entry = await countedOf(folder, paper, experiment);
      if (entry !== null) entries.push(entry);
    }
  return entries;
}

async function countedOf(folder: string, paper: string, experiment: Experiment): Promise<Entry | null> {
  const path = outcomesPath(folder, paper, experiment.id);
  const bytes = await readFile(path).catch((error) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  });
  if (bytes === null) return null;
  const { outcomes } = outcomesOf(bytes, paper, experiment.id);
  const figures = experiment.figures.map(({ id, ours }) => [id, ours(outcomes).value] as const);
  return { experiment: `${paper}/${experiment.id}`, sha256: sha256Of(bytes), figures: Object.fromEntries(figures) };
}

/** Writes the record of what lies in the folder. @returns its path */
export async function recordClaims(folder = publishedOutcomes): Promise<string> {
  const path = pathOf(folder);
  await writeDurable(path, (await counted(folder)).map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  return path;
}

/**
 * Counts every published figure again and holds it against the record.
 * @returns how many experiments and figures there are
 * @throws ParapetError 'integrity' that names every file and figure that does not fit
 */
export async function verifyClaims(folder = publishedOutcomes): Promise<{ experiments: number; figures: number }> {
  const path = pathOf(folder);
  const text = await readFile(path, 'utf8').catch((error) => {
    throw fileError('read', path, error);
  });
  const recorded = text
    .split('\n')
    .slice(0, -1)
    .map((line, i) => parsed(line, `${path}:${i + 1}`));
  const now = await counted(folder);
  const names = new Set([...recorded, ...now].map(({ experiment }) => experiment));
  const of = (entries: readonly Entry[], name: string) => entries.find(({ experiment }) => experiment === name);
  const mistakes = [...names].flatMap((name) => differences(name, of(recorded, name), of(now, name)));
  if (mistakes.length > 0) {
    throw new ParapetError(
      'integrity',
      mistakes.join('\n'),
      'restore the file, or measure again and record it: claims run, claims verify --record',
    );
  }
  return { experiments: now.length, figures: now.reduce((sum, { figures }) => sum + Object.keys(figures).length, 0) };
}

function parsed(line: string, where: string): Entry {
  const value = parseStrictJson(utf8(line), (what) => refuse(where, what));
  const entry = entrySchema.safeParse(value);
  return entry.success ? entry.data : refuse(where, entry.error.issues[0]?.message ?? 'it is no entry');
}

function refuse(where: string, what: string): never {
  throw new ParapetError(
    'integrity',
    `${where}: ${what}`,
    'restore the file, or write it anew: claims verify --record',
  );
}

function differences(name: string, recorded: Entry | undefined, now: Entry | undefined): string[] {
  if (recorded === undefined) return [`${name}: there are outcomes that the record does not name`];
  if (now === undefined) return [`${name}: the record names outcomes that are not there`];
  const found: string[] = [];
  if (recorded.sha256 !== now.sha256)
    found.push(`${name}: SHA-256 ${recorded.sha256} is recorded; the file has ${now.sha256}`);
  for (const id of new Set([...Object.keys(recorded.figures), ...Object.keys(now.figures)])) {
    const [before, after] = [recorded.figures[id], now.figures[id]];
    if (
      before === undefined ||
      after === undefined ||
      Math.abs(after - before) > TOLERANCE * Math.max(1, Math.abs(before))
    )
      found.push(`${name}: ${id}: ${before ?? 'nothing'} is recorded; ${after ?? 'nothing'} is counted`);
  }
  return found;
}
