import { part } from './dom.ts';

export interface Progress {
  begin(): void;
  /** @param modelCalls forward passes so far */
  report(modelCalls: number): void;
  end(): void;
}

/** A run shorter than this, in milliseconds, comes and goes without a bar. */
const PATIENCE = 300;

/** @param expected how many calls the last run like this one took; null when there was none */
export function createProgress(expected: () => number | null): Progress {
  const row = part('progress');
  const bar = part<HTMLProgressElement>('progress-bar');
  const text = part('progress-text');
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    begin() {
      clearTimeout(timer);
      part('stage').setAttribute('aria-busy', 'true');
      if (row.dataset.state === 'running') return;
      bar.removeAttribute('value');
      text.textContent = '';
      timer = setTimeout(() => {
        row.dataset.state = 'running';
      }, PATIENCE);
    },
    report(modelCalls) {
      const all = expected();
      if (all !== null && modelCalls < all) bar.value = modelCalls / all;
      else bar.removeAttribute('value');
      text.textContent = `${modelCalls.toLocaleString('en')} passes through the model`;
    },
    end() {
      clearTimeout(timer);
      row.dataset.state = 'idle';
      part('stage').setAttribute('aria-busy', 'false');
    },
  };
}
