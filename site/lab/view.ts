/** The lab's page: its state, the address that mirrors it, and the runs that follow from it. */
import { ParapetError } from '#core/errors.ts';
import type { Catalogue, ModelEntry } from './catalogue.ts';
import { createClient } from './client.ts';
import { bindControls } from './controls.ts';
import { make, part } from './dom.ts';
import { asJson, asSafetensors, save } from './download.ts';
import { imageOf } from './image.ts';
import { onLogits } from './options.ts';
import { createProgress } from './progress.ts';
import { type Finished, showBackend, showFinished, showImage } from './results.ts';
import { attackOf, type LabState, optionsOf, surrogatesOf } from './settings.ts';
import { changeState, parseState, writeState } from './state.ts';
import { createWeightsLoader } from './weights.ts';

/** Rest after a change before it is computed, in milliseconds: a slider on the move is not attacked at every stop. */
const DEBOUNCE = 120;
/** Rest after an outcome before it is spoken. */
const SPEAK = 400;

function start(catalogue: Catalogue): void {
  let { state, notices } = parseState(location.search, catalogue);
  let run: AbortController | null = null;
  let finished: Finished | null = null;
  let debounce: ReturnType<typeof setTimeout> | undefined;
  let speech: ReturnType<typeof setTimeout> | undefined;
  const passes = new Map<string, number>();

  const kindOfRun = () => JSON.stringify([state.model, state.attack, state.options, state.target === 'any']);
  const progress = createProgress(() => passes.get(kindOfRun()) ?? null);
  const client = createClient(
    () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
    createWeightsLoader(),
    {
      started: showBackend,
      lost(message) {
        addNotices([`${message} The lab goes on with WebAssembly.`]);
        schedule(0);
      },
    },
  );
  const showControls = bindControls(catalogue, change);

  function addNotices(texts: readonly string[]): void {
    part('notices').replaceChildren(...texts.map((text) => make('li', {}, text)));
  }

  function say(text: string): void {
    clearTimeout(speech);
    speech = setTimeout(() => {
      part('live').textContent = text;
    }, SPEAK);
  }

  function change(wanted: Partial<LabState>): void {
    const next = changeState(state, wanted, catalogue);
    state = next.state;
    const address = `${location.pathname}${writeState(state, catalogue)}${location.hash}`;
    if (next.step) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
    addNotices([]);
    showControls(state);
    schedule(DEBOUNCE);
  }

  function schedule(delay: number): void {
    clearTimeout(debounce);
    clearTimeout(speech);
    const { x, label } = imageOf(state, catalogue);
    showImage(x, label);
    part('stage').dataset.stale = '';
    debounce = setTimeout(() => void attack(), delay);
  }

  function cancel(): void {
    if (run === null) return;
    clearTimeout(debounce);
    run.abort();
    run = null;
    progress.end();
    trouble(new ParapetError('interrupted', 'Cancelled before the attack was done.'));
  }

  function trouble(error: unknown): void {
    const known = error instanceof ParapetError ? error : null;
    const message = error instanceof Error ? error.message : String(error);
    part('trouble').hidden = false;
    part('trouble-text').textContent = known?.hint ? `${message} ${known.hint}` : message;
  }

  async function attack(): Promise<void> {
    run?.abort();
    const mine = new AbortController();
    run = mine;
    const asked = state;
    const kind = kindOfRun();
    const { x, label, example } = imageOf(asked, catalogue);
    const model = catalogue.models.find(({ id }) => id === asked.model) as ModelEntry;
    part('trouble').hidden = true;
    progress.begin();
    try {
      const reply = await client.attack(
        model,
        surrogatesOf(asked, catalogue),
        {
          ...{
            attack: asked.attack,
            options: optionsOf(asked, catalogue),
            norm: asked.norm,
            epsilon: asked.epsilon,
            seed: asked.seed,
          },
          x,
          y: Int32Array.of(label ?? -1),
          target: asked.target === 'any' ? null : Int32Array.of(asked.target),
          examples: Int32Array.of(example),
        },
        { backend: asked.backend, signal: mine.signal, progress: (calls) => run === mine && progress.report(calls) },
      );
      if (run !== mine) return;
      passes.set(kind, reply.forwardCalls);
      finished = { state: asked, x, reply };
      say(showFinished(finished));
      delete part('stage').dataset.stale;
      part('unmask').hidden = onLogits(attackOf(asked, catalogue), asked.options) === null;
      for (const name of ['save-json', 'save-safetensors']) part<HTMLButtonElement>(name).disabled = false;
    } catch (error) {
      if (run === mine && !(error instanceof ParapetError && error.kind === 'interrupted')) trouble(error);
    } finally {
      if (run === mine) {
        run = null;
        progress.end();
      }
    }
  }

  function bindActions(): void {
    const status = part('action-status');
    const name = () => `parapet-${finished?.state.model}-${finished?.state.attack}`;
    part('copy-link').addEventListener('click', () => {
      const refused = () => {
        status.textContent = 'Not copied: the browser refused. The address bar has the link.';
      };
      if (!('clipboard' in navigator)) refused();
      else navigator.clipboard.writeText(location.href).then(() => (status.textContent = 'Copied'), refused);
    });
    part('save-json').addEventListener('click', () => {
      if (finished) save(asJson(finished, catalogue), `${name()}.json`);
    });
    part('save-safetensors').addEventListener('click', () => {
      if (finished) save(asSafetensors(finished, catalogue), `${name()}.safetensors`);
    });
    part('actions').hidden = false;
    part('cancel').addEventListener('click', cancel);
    part('unmask').addEventListener('click', () => {
      const options = onLogits(attackOf(state, catalogue), state.options);
      if (options !== null) change({ options });
    });
    part('retry').addEventListener('click', () => schedule(0));
    addEventListener('keydown', (event) => {
      if (event.key === 'Escape') cancel();
    });
  }

  addEventListener('popstate', () => {
    ({ state, notices } = parseState(location.search, catalogue));
    addNotices(notices);
    showControls(state);
    schedule(0);
  });
  bindActions();
  addNotices(
    notices.map((notice) => `The address asks for something that is not there; the default stands. ${notice}`),
  );
  showControls(state);
  schedule(0);
}

const holder = document.querySelector('[data-lab="catalogue"]');
if (holder !== null) start(JSON.parse(holder.textContent ?? '') as Catalogue);
