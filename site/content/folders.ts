import { resolve } from 'node:path';

/**
 * Where the site reads from. PARAPET_RESULTS_DIR and PARAPET_SUBMISSIONS_DIR replace the folders of the repository;
 * the tests use them. The build runs in the root of the repository.
 */
export const resultsFolder = resolve(process.env['PARAPET_RESULTS_DIR'] ?? 'results');
export const submissionsFolder = resolve(process.env['PARAPET_SUBMISSIONS_DIR'] ?? 'submissions');
