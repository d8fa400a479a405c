/**
 * The part of tfjs that the lab's worker runs on: the engine, the gradients and the chained operations. What reads models of
 * TensorFlow.js is fetched when there is one.
 */
const SLIM = `
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
export * from '@tensorflow/tfjs-core';
export const loadLayersModel = async (...given) => (await import('@tensorflow/tfjs-layers')).loadLayersModel(...given);
export const loadGraphModel = async (...given) => (await import('@tensorflow/tfjs-converter')).loadGraphModel(...given);
`;

/** What of a Vite plugin is used here. */
interface Plugin {
  readonly name: string;
  readonly enforce: 'pre';
  load(id: string): string | null;
}

/**
 * For `vite.worker.plugins`: leaves data pipelines and the two backends that the package
 * `@tensorflow/tfjs` brings along out of the worker, and layers and converters out of what it begins with; it fetches the backend that it
 * computes with by itself.
 * Something of theirs that core should come to use is then missing at build time, by name.
 */
export function slimTfjs(): Plugin {
  return {
    name: 'parapet-slim-tfjs',
    enforce: 'pre',
    load: (id) => (/\/@tensorflow\/tfjs\/dist\/index\.js$/.test(id.replaceAll('\\', '/')) ? SLIM : null),
  };
}
