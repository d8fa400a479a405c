import { type AttackOutcome, type AttackRequest, runAttack } from '../attacks/run.ts';
import { imageSize } from '../fooling/fooling.ts';

/** What an attack is asked, of as many images as there are. */
export type ImagesRequest = Omit<AttackRequest, 'examples' | 'chunk' | 'spent'> & {
  /** Names the draws of each image; its place when absent. */
  readonly examples?: Int32Array;
};

export type AttackedImages = Pick<AttackOutcome, 'xAdv' | 'success' | 'distance' | 'cleanCorrect'>;

/**
 * Runs an attack on any number of images, some at a time.
 * @param chunk how many at a time: sums depend on it, so that other chunks give other last bits
 * @param pause told which fraction is done after each chunk
 */
export async function attackImages(
  { x, y, target, examples = Int32Array.from(y.keys()), ...request }: ImagesRequest,
  chunk: number,
  pause: (fraction: number) => Promise<void>,
): Promise<AttackedImages> {
  const count = y.length;
  const size = imageSize(request.classifier);
  const all = {
    xAdv: new Float32Array(x.length),
    success: new Uint8Array(count),
    distance: new Float64Array(count),
    cleanCorrect: new Uint8Array(count),
  };
  for (let start = 0; start < count; start += chunk) {
    const end = Math.min(count, start + chunk);
    const { xAdv, success, distance, cleanCorrect } = await runAttack({
      ...request,
      x: x.slice(start * size, end * size),
      y: y.slice(start, end),
      target: target?.slice(start, end) ?? null,
      examples: examples.slice(start, end),
    });
    all.xAdv.set(xAdv, start * size);
    all.success.set(success, start);
    all.distance.set(distance, start);
    all.cleanCorrect.set(cleanCorrect, start);
    await pause(end / count);
  }
  return all;
}
