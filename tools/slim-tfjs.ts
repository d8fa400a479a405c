/** The part of tfjs that the lab's worker runs on: the engine, the gradients and the chained operations. */
const SLIM = `
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
export * from '@tensorflow/tfjs-core';
`;

/** What of a Vite plugin is used here. */
interface Plugin {
  readonly name: string;
  readonly enforce: 'pre';
  load(id: string): string | null;
}

/**
 * For `vite.worker.plugins`: leaves layers, converters, data pipelines and the two backends that the package
 * `@tensorflow/tfjs` brings along out of the worker, which fetches the backend that it computes with by itself.
 * Something of theirs that core should come to use is then missing at build time, by name.
 */
export function slimTfjs(): Plugin {
  return {
    name: 'parapet-slim-tfjs',
    enforce: 'pre',
    load: (id) => (/\/@tensorflow\/tfjs\/dist\/index\.js$/.test(id.replaceAll('\\', '/')) ? SLIM : null),
  };
}
