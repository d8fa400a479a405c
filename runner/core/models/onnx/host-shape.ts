/** Shapes of values on the host: what operators on shapes and indices compute. */
import type { HostValue } from './value.ts';
import { allowed, hostValue, sizeOf } from './value.ts';

/** Steps from one index of each axis to the next. */
export function stepsOf(dims: readonly number[]): number[] {
  const steps = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--)
    steps[axis] = (steps[axis + 1] as number) * (dims[axis + 1] as number);
  return steps;
}

/**
 * A value each of whose places is one of another's.
 * @param source index along each axis of `value`, by the index along each axis of the result
 */
export function picked(
  value: HostValue,
  dims: readonly number[],
  source: (index: readonly number[]) => readonly number[],
): HostValue {
  const steps = stepsOf(dims);
  const own = stepsOf(value.dims);
  const data = Float64Array.from({ length: sizeOf(allowed(dims)) }, (_, place) => {
    const index = steps.map((step, axis) => Math.floor(place / step) % (dims[axis] as number));
    const at = source(index).reduce((sum, i, axis) => sum + i * (own[axis] as number), 0);
    return value.data[at] as number;
  });
  return hostValue(value.kind, dims, data);
}

/** Values one after the other along an axis. */
export function joined(values: readonly HostValue[], axis: number): HostValue {
  const [first] = values as [HostValue, ...HostValue[]];
  const length = values.reduce((sum, { dims }) => sum + (dims[axis] as number), 0);
  const dims = first.dims.map((side, i) => (i === axis ? length : side));
  const inner = sizeOf(dims.slice(axis + 1));
  const outer = sizeOf(dims.slice(0, axis));
  const data: number[] = [];
  for (let row = 0; row < outer; row++) {
    for (const value of values) {
      const run = (value.dims[axis] as number) * inner;
      data.push(...value.data.subarray(row * run, (row + 1) * run));
    }
  }
  return hostValue(first.kind, dims, data);
}
