import { z } from 'zod';
import { defenses } from './defenses/index.ts';
import { architectures } from './models/index.ts';
import { recipeSchema, submissionSchema } from './submission.ts';
import { modelSchema } from './submission-models.ts';
import { tracks } from './tracks.ts';
import { trainingMethods } from './training/index.ts';

/** Fields that hold an id of a list of ours: in the manifest a text, so that a wrong one gets a sentence; for an editor a choice. */
const choices: ReadonlyMap<unknown, readonly { readonly id: string }[]> = new Map<unknown, readonly { id: string }[]>([
  [modelSchema.options[0].shape.architecture, architectures],
  [recipeSchema.shape.method, trainingMethods],
  [submissionSchema.shape.defenses.unwrap().element.shape.id, defenses],
  [submissionSchema.shape.claims.unwrap().element.shape.track, tracks],
]);

/** submission.yaml as JSON Schema, for editors; `validate` knows more. */
export function submissionJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(submissionSchema, {
    target: 'draft-7',
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      const known = choices.get(zodSchema);
      if (known !== undefined) jsonSchema.enum = known.map(({ id }) => id);
    },
  });
  return {
    ...schema,
    title: 'submission.yaml of Parapet',
    oneOf: [{ required: ['model'] }, { required: ['models'] }],
  };
}
