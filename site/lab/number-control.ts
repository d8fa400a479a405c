import { make } from './dom.ts';

export interface NumberControlOptions {
  /** Unique in the page; names the elements. */
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly integer: boolean;
  /** Bounds of the number field; null for none. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** Ends of the slider; null for no slider. */
  readonly slider: { readonly from: number; readonly to: number; readonly logarithmic: boolean } | null;
  /** What the buttons add. */
  readonly step: number;
  /** @returns what was wanted instead, or null when the value does */
  mistake(value: number): string | null;
  change(value: number): void;
}

export interface NumberControl {
  readonly element: HTMLElement;
  set(value: number): void;
}

/** Positions of a slider; enough for every pixel of a wide one. */
const POSITIONS = 1000;

/** Between values and positions of a slider. */
function scaleOf({ from, to, logarithmic }: { from: number; to: number; logarithmic: boolean }) {
  const [low, high] = logarithmic ? [Math.log(from), Math.log(to)] : [from, to];
  return {
    position: (value: number) =>
      Math.round((((logarithmic ? Math.log(Math.max(value, from)) : value) - low) / (high - low)) * POSITIONS),
    value: (position: number) => {
      const at = low + ((high - low) * position) / POSITIONS;
      return logarithmic ? Math.exp(at) : at;
    },
  };
}

/** The nearest multiple of a step, or of a whole number, free of binary dust. */
function snap(value: number, step: number, integer: boolean): number {
  const unit = integer ? Math.max(1, Math.round(step)) : step;
  return Number((Math.round(value / unit) * unit).toPrecision(12));
}

/** A number by slider, by field and by two buttons, so that no one has to drag. */
export function numberControl(options: NumberControlOptions): NumberControl {
  const { id, label, help, integer, minimum, maximum, slider, step, mistake, change } = options;
  const scale = slider === null ? null : scaleOf(slider);
  let current = 0;

  const helpId = `${id}-help`;
  const described = { 'aria-describedby': helpId };
  const bounds = { min: minimum ?? undefined, max: maximum ?? undefined };
  const field = make('input', { id, type: 'number', step: 'any', inputmode: 'decimal', ...bounds, ...described });
  const less = make('button', { type: 'button', class: 'nudge', 'aria-label': `Less: ${label}` }, '−');
  const more = make('button', { type: 'button', class: 'nudge', 'aria-label': `More: ${label}` }, '+');
  const range =
    scale &&
    make('input', { type: 'range', min: 0, max: POSITIONS, step: 1, 'aria-label': `${label}, slider`, ...described });
  const complaint = make('p', { class: 'complaint', role: 'alert', hidden: true });

  function show(value: number): void {
    current = value;
    field.value = String(Number(value.toPrecision(6)));
    if (range && scale) {
      range.value = String(scale.position(value));
      range.setAttribute('aria-valuetext', field.value);
    }
    complaint.hidden = true;
    field.removeAttribute('aria-invalid');
  }

  function take(value: number): void {
    const wrong = Number.isFinite(value) ? mistake(value) : 'a number';
    if (wrong !== null) {
      complaint.textContent = `Wanted ${wrong}.`;
      complaint.hidden = false;
      field.setAttribute('aria-invalid', 'true');
      return;
    }
    show(value);
    change(value);
  }

  /** By one step, or to the end that is nearer than that. */
  function nudge(direction: 1 | -1): void {
    const unit = scale && slider?.logarithmic ? Math.max(integer ? 1 : 0, Math.abs(current) * 0.25) : step;
    const next = snap(
      current + direction * unit,
      scale && slider?.logarithmic && !integer ? 10 ** Math.floor(Math.log10(unit)) : step,
      integer,
    );
    take(
      Math.min(
        maximum ?? Infinity,
        Math.max(minimum ?? -Infinity, next === current ? current + direction * unit : next),
      ),
    );
  }

  field.addEventListener('change', () => take(field.value === '' ? Number.NaN : Number(field.value)));
  less.addEventListener('click', () => nudge(-1));
  more.addEventListener('click', () => nudge(1));
  if (range && scale && slider) {
    range.addEventListener('input', () => {
      const exact = scale.value(Number(range.value));
      const value = slider.logarithmic && !integer ? Number(exact.toPrecision(2)) : snap(exact, step, integer);
      take(Math.min(slider.to, Math.max(slider.from, value)));
    });
    // The arrow keys move by a step, which is more than one position.
    range.addEventListener('keydown', (event) => {
      const direction = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (direction === undefined) return;
      event.preventDefault();
      nudge(direction as 1 | -1);
    });
  }

  const row = make('div', { class: 'number-row' }, less, ...(range ? [range] : []), more, field);
  const element = make(
    'div',
    { class: 'number-control' },
    make('label', { for: id }, label),
    row,
    make('p', { class: 'help', id: helpId }, help),
    complaint,
  );
  return { element, set: show };
}
