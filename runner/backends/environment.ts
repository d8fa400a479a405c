import { availableParallelism } from 'node:os';
import { ParapetError } from '#core/errors.ts';

/**
 * What TensorFlow reads from the environment when its library is loaded: reproducible kernels, full float32
 * (TF32 keeps 10 bits of the mantissa and is on by default from Ampere on), memory as needed, and no banner.
 * NVIDIA and TensorFlow document each of them under its own name.
 */
const fixed: Readonly<Record<string, string>> = {
  NVIDIA_TF32_OVERRIDE: '0',
  TF_DETERMINISTIC_OPS: '1',
  TF_CUDNN_DETERMINISTIC: '1',
  CUBLAS_WORKSPACE_CONFIG: ':4096:8',
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
};

/** Threads a backend may use: `PARAPET_THREADS`, else every core this process may run on. */
export function threadCount(): number {
  const wanted = process.env.PARAPET_THREADS;
  if (wanted === undefined || wanted === '') return availableParallelism();
  const threads = Number(wanted);
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new ParapetError('usage', `PARAPET_THREADS is "${wanted}", wanted a whole number from 1 to 1024`);
  }
  return threads;
}

/** Sets the environment of native TensorFlow; without effect once its library is loaded. */
export function prepareNativeEnvironment(): void {
  const threads = String(threadCount());
  Object.assign(process.env, fixed, {
    TF_CPP_MIN_LOG_LEVEL: process.env.TF_CPP_MIN_LOG_LEVEL ?? '2',
    TF_NUM_INTRAOP_THREADS: threads,
    TF_NUM_INTEROP_THREADS: threads,
    OMP_NUM_THREADS: threads,
  });
}
