import type { SentModel } from '#core/models/sent-model.ts';
import type { Norm } from '#core/projections.ts';

/** Backends of a browser, in the order in which 'auto' tries them. */
export const browserBackends = ['webgpu', 'webgl', 'wasm'] as const;
export type BrowserBackend = (typeof browserBackends)[number];
export type BackendChoice = 'auto' | BrowserBackend;

/** The backend that computes, and what it is like. */
export interface BackendReport {
  readonly name: BrowserBackend;
  readonly device: string;
  /** Found by computing with it, not by asking. */
  readonly precision: 'float32' | 'float16';
  /** Why each backend that was tried before this one is not used. */
  readonly passedOver: readonly string[];
}

/** One attack on a batch of images with one model. */
export interface AttackRequest {
  /** Id of a model that was loaded. */
  readonly model: string;
  /** Ids of loaded models that a transfer attack is made on; for no other. */
  readonly surrogates?: readonly string[];
  readonly attack: string;
  /** Unparsed; the attack's own schema fills defaults and refuses. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly norm: Norm;
  /** Infinity: without a ball. */
  readonly epsilon: number;
  readonly seed: number;
  /** Images, [count × height × width × channels] in [0, 1]. */
  readonly x: Float32Array;
  /** True classes, [count]; -1 takes what the model reads. */
  readonly y: Int32Array;
  readonly target: Int32Array | null;
  /** Index of each image in its data set. */
  readonly examples: Int32Array;
}

/** What became of an attack; per-image values lie one after the other. */
export interface AttackReply {
  readonly xAdv: Float32Array;
  /** As asked for, or as the model read. */
  readonly y: Int32Array;
  readonly success: Uint8Array;
  readonly cleanCorrect: Uint8Array;
  /** Predicted classes of x and xAdv; -1 where there is none. */
  readonly before: Int32Array;
  readonly after: Int32Array;
  /** Logits of x and xAdv, [count × classes]. */
  readonly logitsBefore: Float32Array;
  readonly logitsAfter: Float32Array;
  /** Of each xAdv from its x, in every norm, [count]. */
  readonly distance: Readonly<Record<Norm, Float64Array>>;
  readonly forwardCalls: number;
  readonly gradientCalls: number;
  readonly zeroGradientShare: number | null;
  readonly milliseconds: number;
  /** Tensors alive after the run: steady from run to run. */
  readonly tensors: number;
}

/** To the worker; each is answered by `done` or `failed` with the same id. */
export type ToWorker =
  | { readonly type: 'start'; readonly id: number; readonly backend: BackendChoice }
  | {
      readonly type: 'load';
      readonly id: number;
      readonly model: string;
      readonly sent: SentModel;
    }
  | { readonly type: 'attack'; readonly id: number; readonly request: AttackRequest }
  | { readonly type: 'cancel'; readonly id: number };

/** From the worker. */
export type FromWorker =
  | { readonly type: 'done'; readonly id: number; readonly value: BackendReport | AttackReply | null }
  | {
      readonly type: 'failed';
      readonly id: number;
      readonly message: string;
      readonly hint: string | null;
      readonly cancelled: boolean;
    }
  | { readonly type: 'progress'; readonly id: number; readonly modelCalls: number }
  | { readonly type: 'lost'; readonly message: string };
