import { type Asking, type Searched, SLICE } from './label-search.ts';

/** Cells a side of the coarse noise, in turn. */
const GRIDS = [7, 4] as const;

/**
 * An adversarial image to start from, as far from x as it may be: noise, the first that is adversarial.
 *
 * The first is uniform noise; of those that follow every second one is coarse, a chequerboard of random cells. Nets tend to see
 * one and the same class in all uniform noise, so images of that very class would have no start; coarse noise falls into many.
 * One image is asked about, then as many as so far.
 *
 * Source: Chen et al., "HopSkipJumpAttack", S&P 2020, https://arxiv.org/abs/1904.02144, §IV-C, and its authors' code, which
 * gives up after 10,000 images of uniform noise. The coarse noise is ours.
 * @param trials noise images to ask about at most
 * @returns null when none was adversarial
 */
export function* adversarialStart(searched: Searched, trials: number): Asking<Float32Array | null> {
  const size = searched.x.length;
  for (let tried = 0; tried < trials; ) {
    const count = Math.min(SLICE, Math.max(1, tried), trials - tried);
    const images = searched.draws.uniform(count);
    for (let i = 0; i < images.length; i++) images[i] = ((images[i] as number) + 1) / 2;
    for (let i = 0; i < count; i++) {
      const trial = tried + i;
      if (trial % 2 === 0) continue;
      coarsen(images.subarray(i * size, (i + 1) * size), searched.shape, GRIDS[(trial >> 1) % 2] as number);
    }
    const answer = yield images;
    const first = answer.indexOf(1);
    if (first >= 0) return images.slice(first * size, (first + 1) * size);
    tried += count;
  }
  return null;
}

/** Gives every pixel of a cell the values of the cell's first pixel, in place. */
function coarsen(image: Float32Array, [height, width, channels]: Searched['shape'], grid: number) {
  const cellHeight = Math.ceil(height / grid);
  const cellWidth = Math.ceil(width / grid);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const to = (row * width + column) * channels;
      const from = ((row - (row % cellHeight)) * width + column - (column % cellWidth)) * channels;
      for (let c = 0; c < channels; c++) image[to + c] = image[from + c] as number;
    }
  }
}
