import { imagesAtOnce } from '#core/evaluation/at-once.ts';
import type { Job } from './messages.ts';
import type { Pool } from './pool.ts';

/** Images of one task, where they are small. */
const CHUNK = 100;

/**
 * Logits of images by the workers of a pool, in tasks that they share.
 * @param x [n × size], images of the job's data
 * @param onImages told how many more are done
 * @param answer which of the answers of a model that draws; the one that it gives when absent
 * @returns [n × classes]
 */
export async function predictAll(
  pool: Pool,
  job: Job,
  x: Float32Array,
  onImages: (count: number) => void,
  answer = 0,
): Promise<Float32Array> {
  const size = job.examples.x.length / job.examples.count;
  const step = imagesAtOnce(size, CHUNK) * size;
  const starts = Array.from({ length: Math.ceil(x.length / step) }, (_, i) => i * step);
  const logits = new Float32Array((x.length / size) * job.classes);
  await Promise.all(
    starts.map(async (start) => {
      const part = x.slice(start, start + step);
      logits.set(await pool.run(job, { kind: 'predict', x: part, answer }, [0, 0]), (start / size) * job.classes);
      onImages(part.length / size);
    }),
  );
  return logits;
}
