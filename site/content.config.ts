import { defineCollection } from 'astro:content';
import { externalEvaluationSchema } from '#core/external-evaluation.ts';
import { externalResultSchema } from '#core/external-result.ts';
import { resultSchema } from '#core/result.ts';
import { submissionSchema } from '#core/submission.ts';
import { resultsFolder, submissionsFolder } from './content/folders.ts';
import { evaluationsLoader, externalsLoader, resultsLoader, submissionsLoader } from './content/loaders.ts';

export const collections = {
  results: defineCollection({ loader: resultsLoader(resultsFolder), schema: resultSchema }),
  externals: defineCollection({ loader: externalsLoader(resultsFolder), schema: externalResultSchema }),
  submissions: defineCollection({ loader: submissionsLoader(submissionsFolder), schema: submissionSchema }),
  evaluations: defineCollection({ loader: evaluationsLoader(submissionsFolder), schema: externalEvaluationSchema }),
};
