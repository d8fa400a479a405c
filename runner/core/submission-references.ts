import { certificateMistakes } from './certificates/index.ts';
import type { Submission } from './submission.ts';
import { type Mistake, unknownId } from './submission-mistakes.ts';
import { defenseMistakes, modelMistakes } from './submission-model-references.ts';
import { recipeMistakes } from './submission-recipe-references.ts';
import { tracks } from './tracks.ts';

/**
 * Checks what a submission names: that it exists here, and that its parts go together.
 * @returns every mistake; none when all is well
 */
export function referenceMistakes(submission: Submission): Mistake[] {
  return [
    ...modelMistakes(submission),
    ...submission.claims.flatMap(({ track }, i) => claimMistakes(submission, track, i)),
    ...(submission.recipe === undefined ? [] : recipeMistakes(submission, submission.recipe)),
    ...defenseMistakes(submission),
    ...certificateMistakes(submission),
  ];
}

function claimMistakes({ datasets }: Submission, id: string, index: number): Mistake[] {
  const path = ['claims', index, 'track'];
  const track = tracks.find((one) => one.id === id);
  const served = tracks.filter(({ dataset }) => dataset === datasets[0]);
  if (track === undefined) return [unknownId(path, id, served)];
  return track.dataset === datasets[0]
    ? []
    : [{ path, message: `${id} is a track of ${track.dataset}, not of ${datasets[0]}` }];
}
