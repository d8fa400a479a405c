/** A parent of a sandboxed worker that computes without an end: names its descendants, and waits to be killed. */
import { descendantsOf } from '../watch-usage.ts';
import { attempt, startHostilePool } from './hostile-pool.ts';

const pool = await startHostilePool(true);
void attempt(pool, 'hang');
setTimeout(() => process.send?.(descendantsOf(process.pid)), 300);
