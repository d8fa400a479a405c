import { ParapetError } from '#core/errors.ts';

/** What TensorFlow, CUDA and the driver say when the graphics processor, and not the model, is at fault. */
const causes: readonly (readonly [said: RegExp, cause: string, hint: string])[] = [
  [
    /\bGPU_\d\w*\) ran out of memory|CUDA_ERROR_OUT_OF_MEMORY|failed to allocate .* from device/i,
    'the memory of the graphics processor is used up',
    'see with nvidia-smi who else uses it; the same command resumes',
  ],
  [
    /CUDA_ERROR_ECC_UNCORRECTABLE|uncorrectable ECC/i,
    'the memory of the graphics processor is damaged (ECC)',
    'reset or replace the device; the same command resumes',
  ],
  [
    /CUDA_ERROR_(NO_DEVICE|SYSTEM_DRIVER_MISMATCH|INVALID_DEVICE)|no CUDA-capable device|Driver\/library version mismatch/i,
    'there is no graphics processor that the driver can use',
    'nvidia-smi says why; --backend auto takes another backend',
  ],
  [
    /CUDA_ERROR_|GPU is lost|fallen off the bus|\bXid\b|cudaError|CUDNN_STATUS_(INTERNAL_ERROR|EXECUTION_FAILED)|CUBLAS_STATUS_(ALLOC|EXECUTION|INTERNAL)/,
    'the graphics processor failed',
    'dmesg and nvidia-smi say more; the same command resumes when it works again',
  ],
];

/**
 * A fault of the device never counts against a defense: what was done is kept, and no other backend takes over.
 * @param said what a worker threw, or wrote before it died
 * @returns the error to throw in its place; null where it is none of these
 */
export function deviceFault(said: string): ParapetError | null {
  const found = causes.find(([pattern]) => pattern.test(said));
  if (found === undefined) return null;
  const [, cause, hint] = found;
  return new ParapetError('infrastructure', `${cause}: ${said.slice(0, 300)}`, hint);
}
