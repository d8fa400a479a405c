/** Where the windows of convolutions and pools lie. */
import type { Call } from './op.ts';
import { allowed } from './value.ts';

/** Zeros before and after each spatial axis. */
export type Pads = readonly (readonly [before: number, after: number])[];

export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: Pads;
  /** Of each spatial axis. */
  readonly outputs: readonly number[];
}

/** The attributes that say where windows lie. */
export const windowAttributes = ['auto_pad', 'dilations', 'kernel_shape', 'pads', 'strides'] as const;

/**
 * @param sizes lengths of the spatial axes
 * @param kernel lengths of a window
 * @param ceil whether a window that begins within the padded images counts where it ends outside of them
 */
export function windowsOf(call: Call, sizes: readonly number[], kernel: readonly number[], ceil = false): Windows {
  const { length } = sizes;
  if (kernel.length !== length) call.refuse(`windows of [${kernel}] on images of [${sizes}]`);
  const strides = perAxis(call, 'strides', length, 1);
  const dilations = perAxis(call, 'dilations', length, 1);
  const automatic = call.string('auto_pad', 'NOTSET', ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID']);
  const spans = kernel.map((side, i) => (side - 1) * (dilations[i] as number) + 1);
  const pads = automatic === 'NOTSET' ? explicitPads(call, length) : automaticPads(automatic, sizes, spans, strides);
  const outputs = sizes.map((size, i) => {
    const [before, after] = pads[i] as [number, number];
    const stride = strides[i] as number;
    const room = size + before + after - (spans[i] as number);
    let count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    // The last window has to begin within the image or what is before it.
    if (ceil && (count - 1) * stride >= size + before) count--;
    if (count < 1) call.refuse(`windows of [${spans}] on images of [${sizes}], which are smaller`);
    return count;
  });
  // Room for the padded images, and for a filter that is filled up with zeros.
  allowed(sizes.map((size, i) => size + (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0)));
  allowed(spans);
  return { kernel, strides, dilations, pads, outputs };
}

export function perAxis(call: Call, name: string, length: number, missing: number): readonly number[] {
  const values = call.ints(name) ?? Array<number>(length).fill(missing);
  if (values.length !== length || values.some((value) => value < missing)) {
    call.refuse(`${name} is [${values}]; wanted ${length} whole numbers from ${missing}`);
  }
  return values;
}

export function explicitPads(call: Call, length: number): Pads {
  const pads = perAxis(call, 'pads', 2 * length, 0);
  return Array.from({ length }, (_, i) => [pads[i] as number, pads[i + length] as number] as const);
}

function automaticPads(
  how: string,
  sizes: readonly number[],
  spans: readonly number[],
  strides: readonly number[],
): Pads {
  return sizes.map((size, i) => {
    if (how === 'VALID') return [0, 0] as const;
    const stride = strides[i] as number;
    const all = samePadding(size, stride, spans[i] as number);
    const less = Math.floor(all / 2);
    return how === 'SAME_UPPER' ? ([less, all - less] as const) : ([all - less, less] as const);
  });
}

/** Zeros on both sides of an axis together, with which every stride-th place has a window. */
export function samePadding(size: number, stride: number, span: number): number {
  return Math.max(0, (Math.ceil(size / stride) - 1) * stride + span - size);
}

/** Windows on a line of values, as those on an image of one row. */
export function asRow({ kernel, strides, dilations, pads, outputs }: Windows): Windows {
  return {
    kernel: [1, ...kernel],
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    pads: [[0, 0], ...pads],
    outputs: [1, ...outputs],
  };
}
