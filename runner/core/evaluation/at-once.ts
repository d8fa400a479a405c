/** Values of the images of one task: what a backend's memory has to hold of each layer grows with them. */
const VALUES = 2 ** 21;

/**
 * How many images go into one task, so that large ones are shared among workers and fit into their memory.
 * @param size values of an image
 * @param most where they are small
 */
export function imagesAtOnce(size: number, most: number): number {
  return Math.max(1, Math.min(most, Math.floor(VALUES / size)));
}
