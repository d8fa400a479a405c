/** The page's end of the worker: starts it, keeps it supplied with weights, and stops what nobody waits for any more. */
import { ParapetError } from '#core/errors.ts';
import type { SentModel } from '#core/models/sent-model.ts';
import type { ModelEntry } from './catalogue.ts';
import type { AttackReply, AttackRequest, BackendChoice, BackendReport, FromWorker, ToWorker } from './protocol.ts';
import type { WeightsLoader } from './weights.ts';

/** How long a run that was cancelled may take to notice, in milliseconds, before its worker is ended and begun anew. */
const GRACE = 600;

export interface ClientEvents {
  /** A backend has started, the first or another. */
  started(report: BackendReport): void;
  /** The device went away; the next run computes with wasm. */
  lost(message: string): void;
}

export interface Client {
  /**
   * Runs one attack; a run before it must be over or aborted.
   * @param surrogates models that a transfer attack is made on; none for any other
   * @throws ParapetError for what a person can mend; kind 'interrupted' after an abort
   */
  attack(
    model: ModelEntry,
    surrogates: readonly ModelEntry[],
    request: Omit<AttackRequest, 'model' | 'surrogates'>,
    options: { backend: BackendChoice; signal: AbortSignal; progress(modelCalls: number): void },
  ): Promise<AttackReply>;
}

interface Running {
  readonly worker: Worker;
  readonly backend: BackendChoice;
  readonly models: Set<string>;
  /** Takes each message of the worker that is not about a lost device; null between two requests. */
  receive: ((message: FromWorker | Error) => void) | null;
}

function interrupted(): ParapetError {
  return new ParapetError('interrupted', 'Cancelled.');
}

function unreachable(): ParapetError {
  return new ParapetError(
    'infrastructure',
    'The lab’s program could not be loaded or broke down.',
    'You may be offline: check the connection and try again.',
  );
}

/**
 * @param spawn starts the worker's program
 * @param weights fetches and checks the weights of a model
 */
export function createClient(spawn: () => Worker, weights: WeightsLoader, events: ClientEvents): Client {
  let running: Running | null = null;
  let wasmOnly = false;
  let nextId = 0;
  let tail: Promise<unknown> = Promise.resolve();

  function end(): void {
    const ended = running;
    running = null;
    ended?.worker.terminate();
    ended?.receive?.(interrupted());
  }

  function begin(backend: BackendChoice): Running {
    const current: Running = { worker: spawn(), backend, models: new Set(), receive: null };
    current.worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (current !== running) return;
      if (data.type !== 'lost') current.receive?.(data);
      else {
        wasmOnly = true;
        running = null;
        current.worker.terminate();
        events.lost(data.message);
        current.receive?.(interrupted());
      }
    });
    current.worker.addEventListener('error', () => {
      if (current !== running) return;
      running = null;
      current.worker.terminate();
      current.receive?.(unreachable());
    });
    running = current;
    return current;
  }

  /** One message and its answer; an abort asks the worker to stop, and ends it if it does not hear. */
  function ask(to: Running, message: ToWorker, signal?: AbortSignal, progress?: (modelCalls: number) => void) {
    return new Promise<unknown>((resolve, reject) => {
      let grace: ReturnType<typeof setTimeout> | undefined;
      const abort = () => {
        to.worker.postMessage({ type: 'cancel', id: message.id } satisfies ToWorker);
        grace = setTimeout(() => running === to && end(), GRACE);
      };
      const finish = () => {
        clearTimeout(grace);
        signal?.removeEventListener('abort', abort);
        to.receive = null;
      };
      to.receive = (answer) => {
        if (answer instanceof Error) {
          finish();
          reject(answer);
        } else if (answer.type === 'progress') progress?.(answer.modelCalls);
        else if (answer.type === 'done') {
          finish();
          resolve(answer.value);
        } else if (answer.type === 'failed') {
          finish();
          const kind = answer.cancelled ? 'interrupted' : 'infrastructure';
          reject(new ParapetError(kind, answer.message, answer.hint ?? undefined));
        }
      };
      signal?.addEventListener('abort', abort);
      to.worker.postMessage(message);
    });
  }

  async function started(choice: BackendChoice): Promise<Running> {
    const backend = wasmOnly ? 'wasm' : choice;
    if (running?.backend === backend) return running;
    end();
    const fresh = begin(backend);
    const report = await ask(fresh, { type: 'start', id: nextId++, backend });
    events.started(report as BackendReport);
    return fresh;
  }

  // Neither weights nor a start are given up half-way: the next run needs them just as much.
  const attack: Client['attack'] = async (model, surrogates, request, { backend, signal, progress }) => {
    const stop = () => {
      if (signal.aborted) throw interrupted();
    };
    stop();
    const models = [model, ...surrogates];
    const sent = await Promise.all(models.map(weights));
    stop();
    const current = await started(backend);
    for (const [i, { sha256: key }] of models.entries()) {
      if (current.models.has(key)) continue;
      await ask(current, { type: 'load', id: nextId++, model: key, sent: sent[i] as SentModel });
      current.models.add(key);
    }
    stop();
    const named = { model: model.sha256, surrogates: surrogates.map(({ sha256 }) => sha256) };
    const message: ToWorker = { type: 'attack', id: nextId++, request: { ...request, ...named } };
    const reply = await ask(current, message, signal, progress);
    stop();
    return reply as AttackReply;
  };

  return {
    attack(...given) {
      const result = tail.then(() => attack(...given));
      tail = result.catch(() => {});
      return result;
    },
  };
}
