import { defineCollection } from 'astro:content';
import { resultSchema } from '#core/result.ts';
import { submissionSchema } from '#core/submission.ts';
import { resultsFolder, submissionsFolder } from './content/folders.ts';
import { resultsLoader, submissionsLoader } from './content/loaders.ts';

export const collections = {
  results: defineCollection({ loader: resultsLoader(resultsFolder), schema: resultSchema }),
  submissions: defineCollection({ loader: submissionsLoader(submissionsFolder), schema: submissionSchema }),
};
