/** At build time: which submissions the lab can attack, and the bytes of their files. */
import { sha256 } from '#core/digest.ts';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { architectureOf } from '#core/submission-architecture.ts';
import { submissionDigest } from '#core/submission-digest.ts';
import { tracks } from '#core/tracks.ts';
import { link } from '../components/link.ts';
import type { FileEntry, ModelEntry } from '../lab/catalogue.ts';
import { allResults, allSubmissions } from './catalogue.ts';
import { readNets } from './submission-files.ts';

/** Address of the row of a submission: on the first track that it has a result for. */
function rowOf(id: string, results: readonly Result[]): string | null {
  const track = tracks.find((candidate) =>
    results.some((result) => result.submission.id === id && result.track === candidate.id),
  );
  return track === undefined ? null : link(`/${track.id}/${id}/`);
}

function withdrawalOf({ date, reason }: NonNullable<Submission['withdrawn']>): string {
  return `Withdrawn on ${date}: ${reason}${reason.endsWith('.') ? '' : '.'}`;
}

export interface LabModel extends ModelEntry {
  readonly files: readonly LabFile[];
}

interface LabFile extends FileEntry {
  readonly content: Uint8Array;
}

/** What tells a model from every other: its weights where it is nothing more than a net of ours, else all that its authors declare. */
function digestOf(submission: Submission, files: readonly FileEntry[]): string {
  const { model, defenses } = submission;
  const isBare = model?.format === 'safetensors' && model.preprocessing === undefined && defenses.length === 0;
  return (isBare ? files[0]?.sha256 : undefined) ?? submissionDigest(submission);
}

/** Every model that the lab can attack: the undefended one first, then by name. The lab has digits, and so has MNIST alone. */
export async function labModels(): Promise<LabModel[]> {
  const models: LabModel[] = [];
  const results = await allResults();
  for (const submission of (await allSubmissions()).values()) {
    if (!submission.datasets.includes('mnist')) continue;
    const sent = await readNets(submission);
    if (sent === null) continue;
    const { files: contents, ...nets } = sent.submission;
    const { id, name, description, withdrawn } = submission;
    // References were compared before anything was evaluated, and are not asked for here.
    const needed = Object.entries(contents).filter(([file]) => !isReference(submission, file));
    const files = needed.map(([file, content]) => ({
      name: file,
      href: link(`/lab/weights/${id}/${file}`),
      bytes: content.length,
      sha256: sha256(content),
      content,
    }));
    models.push({
      ...{ id, name, description, architecture: architectureOf(submission) },
      nets,
      files,
      sha256: digestOf(submission, files),
      row: rowOf(id, results),
      withdrawn: withdrawn === undefined ? null : withdrawalOf(withdrawn),
    });
  }
  const place = ({ id }: LabModel) => (id === 'Undefended' ? 0 : 1);
  return models.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name, 'en'));
}

function isReference({ model, models = [] }: Submission, file: string): boolean {
  return [model, ...models].some((one) => one?.reference?.file === file);
}
