/** The kernels of `#core/kernels/convolution-relu-pool.ts` for the processor; by Winograd's algorithm where it is faster. */
import * as tf from '@tensorflow/tfjs';
import { convolutionRelu } from '#core/kernels/convolution-relu.ts';
import {
  CONVOLUTION_RELU_POOL,
  CONVOLUTION_RELU_POOL_FILTER_GRAD,
  CONVOLUTION_RELU_POOL_INPUT_GRAD,
  UNPOOL,
} from '#core/kernels/convolution-relu-pool.ts';
import { replaceKernel } from '#core/kernels/replace.ts';
import { filterShapeOf, inputShapeOf, plainInfo, suitsWinograd } from './native-convolution-info.ts';
import { nativeBackendName } from './native-name.ts';
import { geometry, runOp, runOps } from './native-op.ts';

type Inputs<Name extends string> = Readonly<Record<Name, tf.Tensor4D>>;
type Params = Parameters<tf.KernelFunc>[0];

/** Registers them, once. */
export function registerPooledConvolutions(): void {
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_POOL, () => ({ inputs, attrs, backend }) => {
    const { x, filter } = inputs as Inputs<'x' | 'filter'>;
    const bias = inputs['bias'] as tf.Tensor1D;
    const info = plainInfo(x.shape, filter.shape, attrs);
    if (suitsWinograd(info)) return runOps(backend, 'ParapetConv3x3ReluPool', [x, filter, bias], geometry(info), 2);
    const { pad } = attrs as unknown as { pad: 'valid' | 'same' };
    return tf.tidy(() => runOps(backend, 'ParapetPool', [convolutionRelu(x, filter, bias, pad)], { geometry: [0] }, 2));
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_POOL_INPUT_GRAD, () => (params) => {
    const { dy, winners, filter } = params.inputs as Inputs<'dy' | 'winners' | 'filter'>;
    const info = plainInfo(inputShapeOf(params.attrs), filter.shape, params.attrs);
    if (!suitsWinograd(info)) return unfused(tf.Conv2DBackpropInput, { filter }, info, params);
    return runOp(params.backend, 'ParapetConv3x3ReluPoolInputGrad', [dy, filter, winners], geometry(info));
  });
  replaceKernel(nativeBackendName, CONVOLUTION_RELU_POOL_FILTER_GRAD, () => (params) => {
    const { x, dy, winners } = params.inputs as Inputs<'x' | 'dy' | 'winners'>;
    const info = plainInfo(x.shape, filterShapeOf(params.attrs), params.attrs);
    if (!suitsWinograd(info)) return unfused(tf.Conv2DBackpropFilter, { x }, info, params);
    return runOp(params.backend, 'ParapetConv3x3ReluPoolFilterGrad', [x, dy, winners], geometry(info));
  });
  replaceKernel(nativeBackendName, UNPOOL, () => ({ inputs, attrs, backend }) => {
    const { dy, winners } = inputs as Inputs<'dy' | 'winners'>;
    const { height, width } = attrs as unknown as { height: number; width: number };
    return unpool(backend, dy, winners, height, width);
  });
}

/** dy in the cells that it came from, [batch, height, width, channels]. */
function unpool(backend: unknown, dy: tf.Tensor, winners: tf.Tensor, height: number, width: number): tf.Tensor {
  return runOp(backend, 'ParapetUnpool', [dy, winners], { geometry: [2, 2, 2, 2, 0, 0, 0, 0, height, width] });
}

type Info = ReturnType<typeof plainInfo>;

/** The gradient of the pooling first, then one of the convolution alone. */
function unfused(kernel: string, inputs: tf.NamedTensorMap, info: Info, params: Params): tf.Tensor {
  const { dy, winners } = params.inputs as Inputs<'dy' | 'winners'>;
  const { outHeight, outWidth } = info as NonNullable<Info>;
  return tf.tidy(() => {
    const cells = unpool(params.backend, dy, winners, outHeight, outWidth);
    return tf.engine().runKernel(kernel, { ...inputs, dy: cells }, { ...params.attrs });
  });
}
