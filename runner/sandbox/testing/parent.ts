/**
 * A parent of a sandboxed worker. Has it do what the argument names, and tells what it reports; of one that computes without an end
 * it names the descendants, and waits to be killed.
 */
import { descendantsOf } from '../watch-usage.ts';
import { attempt, startHostilePool } from './hostile-pool.ts';

const pool = await startHostilePool(true);
const [act = 'hang'] = process.argv.slice(2);
void attempt(pool, act).then(({ message }) => process.send?.(message));
if (act === 'hang') setTimeout(() => process.send?.(descendantsOf(process.pid)), 300);
