/** Starts the backend that computes in this browser: WebGPU, WebGL or wasm, whichever is real and computes in float32. */
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainWasm from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url';
import { ParapetError } from '#core/errors.ts';
import { registerGpuKernels, registerGradients, registerWasmKernels } from '#core/kernels/index.ts';
import { type BackendChoice, type BackendReport, type BrowserBackend, browserBackends } from './protocol.ts';

/** A backend that computes, and whether its device has gone. */
export interface StartedBackend {
  readonly report: BackendReport;
  isLost(): boolean;
}

/** A device as its own interface names it, and how to hear that it is gone. */
interface Device {
  readonly name: string;
  readonly software: boolean;
}

/** What of `navigator.gpu` is used here; the DOM types do not have it yet. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly info?: {
      readonly vendor: string;
      readonly architecture: string;
      readonly description: string;
      readonly isFallbackAdapter?: boolean;
    };
  } | null>;
}

const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

async function webgpuDevice(): Promise<Device> {
  const { gpu } = navigator as unknown as { gpu?: Gpu };
  if (gpu === undefined) throw new Error('this browser has none');
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter answers');
  const { vendor = '', architecture = '', description = '', isFallbackAdapter = false } = adapter.info ?? {};
  const name = description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
  return { name, software: isFallbackAdapter || SOFTWARE.test(name) };
}

function webglDevice(): Device {
  if (typeof OffscreenCanvas === 'undefined') throw new Error('this browser has no OffscreenCanvas');
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (gl === null) throw new Error('this browser has no WebGL 2');
  const details = gl.getExtension('WEBGL_debug_renderer_info');
  const name = String(gl.getParameter(details?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return { name, software: SOFTWARE.test(name) };
}

/** What makes each backend known to tfjs; only the chosen one is fetched. */
const prepare: Readonly<Record<BrowserBackend, () => Promise<Device>>> = {
  async webgpu() {
    const device = await webgpuDevice();
    await import('@tensorflow/tfjs-backend-webgpu');
    registerGpuKernels('webgpu');
    return device;
  },
  async webgl() {
    const device = webglDevice();
    await import('@tensorflow/tfjs-backend-webgl');
    registerGpuKernels('webgl');
    return device;
  },
  async wasm() {
    // Threads need a page that is isolated from other origins, which a static host cannot promise.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    setWasmPaths({
      'tfjs-backend-wasm.wasm': plainWasm,
      'tfjs-backend-wasm-simd.wasm': simdWasm,
      'tfjs-backend-wasm-threaded-simd.wasm': simdWasm,
    });
    registerWasmKernels();
    const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    return { name: simd ? 'processor, SIMD, one thread' : 'processor, no SIMD, one thread', software: false };
  },
};

/**
 * Half precision rounds 1 + 2⁻¹² to 1 and 10⁻²⁰ to 0.
 * The tensor is large, because the GPU backends hand small ones to the processor.
 */
async function probePrecision(): Promise<BackendReport['precision']> {
  const values = Float32Array.from({ length: 4096 }, (_, i) => (i % 2 === 0 ? 1 + 2 ** -12 : 1e-20));
  const probe = tf.tidy(() => tf.mul(tf.tensor1d(values), tf.ones([values.length])));
  const got = await probe.data();
  probe.dispose();
  const exact = got[2048] === 1 + 2 ** -12 && Math.abs((got[2049] as number) / 1e-20 - 1) < 1e-5;
  return exact ? 'float32' : 'float16';
}

/** Hears that the device has gone: a driver was reset, or the browser took it away. */
function watchDevice(name: BrowserBackend, onLost: () => void): () => boolean {
  let lost = false;
  const notice = () => {
    if (!lost) onLost();
    lost = true;
  };
  if (name === 'webgl') {
    const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu;
    gl.canvas.addEventListener('webglcontextlost', notice);
    return () => lost || gl.isContextLost();
  }
  if (name === 'webgpu') {
    const { device } = tf.backend() as unknown as { device: { lost: Promise<unknown> } };
    void device.lost.then(notice);
  }
  return () => lost;
}

async function startOne(name: BrowserBackend, forced: boolean, onLost: () => void): Promise<StartedBackend> {
  const device = await prepare[name]();
  if (device.software && !forced) throw new Error(`${device.name} is software, slower than wasm`);
  const started = await tf.setBackend(name);
  if (!started || tf.getBackend() !== name) throw new Error('it does not start');
  const precision = await probePrecision();
  if (precision !== 'float32') throw new Error(`${device.name} computes in half precision, which moves the results`);
  return { report: { name, device: device.name, precision, passedOver: [] }, isLost: watchDevice(name, onLost) };
}

/**
 * Starts the backend asked for, or the first that does: WebGPU, WebGL, wasm. One that computes in half precision is passed
 * over even if asked for, because half precision moves the underflow that makes some defenses look strong.
 * @param onLost called once when the device goes away
 * @throws ParapetError 'infrastructure' with every reason when none starts
 */
export async function startBrowserBackend(choice: BackendChoice, onLost: () => void): Promise<StartedBackend> {
  registerGradients();
  const candidates = choice === 'auto' ? browserBackends : [...new Set([choice, 'wasm' as const])];
  const passedOver: string[] = [];
  for (const name of candidates) {
    try {
      const started = await startOne(name, name === choice, onLost);
      return { ...started, report: { ...started.report, passedOver } };
    } catch (error) {
      passedOver.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new ParapetError(
    'infrastructure',
    `No backend starts here (${passedOver.join('; ')}).`,
    'The lab needs WebAssembly at least; try a current browser.',
  );
}
