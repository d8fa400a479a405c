/**
 * Fetches what a pull request submits, as data, into a folder:
 * PULL_REQUEST=12 HEAD_SHA=<40 digits> [SUBMISSION=<id>] [REPOSITORY=<address>] npm run -s fetch-submission -- FOLDER
 * Without SUBMISSION it takes each submission that differs from the commit that is checked out here.
 */
import { fetchSubmitted } from './submitted.ts';
import { root } from './tree.ts';

const { PULL_REQUEST, HEAD_SHA, SUBMISSION, REPOSITORY } = process.env;
const [into] = process.argv.slice(2);
if (into === undefined || !PULL_REQUEST || !HEAD_SHA) {
  console.error('wanted: PULL_REQUEST=<number> HEAD_SHA=<40 digits> npm run -s fetch-submission -- FOLDER');
  process.exit(2);
}
try {
  const proposal = {
    repository: REPOSITORY || new URL('.', `file://${root}`).pathname,
    pullRequest: PULL_REQUEST,
    headSha: HEAD_SHA,
    id: SUBMISSION || null,
    base: root,
  };
  const ids = fetchSubmitted(proposal, into);
  console.log(ids.length === 0 ? 'no submission differs' : `fetched into ${into}: ${ids.join(', ')}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 3;
}
