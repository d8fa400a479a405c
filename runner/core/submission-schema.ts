import { z } from 'zod';
import { certificates } from './certificates/index.ts';
import { defenses } from './defenses/index.ts';
import { externalEvaluationSchema } from './external-evaluation.ts';
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
  [submissionSchema.shape.certificate.unwrap().shape.method, certificates],
  [submissionSchema.shape.claims.unwrap().element.shape.track, tracks],
  [externalEvaluationSchema.shape.of.shape.track, tracks],
]);

/** submission.yaml of either kind as JSON Schema, for editors; `validate` knows more. */
export function submissionJsonSchema(): Record<string, unknown> {
  const { $schema, ...defense } = jsonSchemaOf(submissionSchema);
  const { $schema: _same, ...external } = jsonSchemaOf(externalEvaluationSchema);
  return {
    $schema,
    title: 'submission.yaml of Parapet',
    if: { required: ['kind'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: external,
    else: { ...defense, oneOf: [{ required: ['model'] }, { required: ['models'] }] },
  };
}

function jsonSchemaOf(schema: z.ZodType) {
  return z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      const known = choices.get(zodSchema);
      if (known !== undefined) jsonSchema.enum = known.map(({ id }) => id);
    },
  });
}
