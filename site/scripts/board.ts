import {
  type BoardRow,
  type BoardState,
  compareRows,
  initialState,
  parseState,
  passes,
  sortKeys,
  writeState,
} from './board-state.ts';

/** Makes the boards of the page sort and filter; the table is complete without this. */
for (const board of document.querySelectorAll<HTMLElement>('[data-board]')) enhance(board);

function enhance(board: HTMLElement): void {
  const form = board.querySelector<HTMLFormElement>('[data-filters]');
  const body = board.querySelector('tbody');
  const status = board.querySelector<HTMLElement>('[data-count]');
  if (form === null || body === null || status === null) return;
  const rows = [...body.rows].map((row) => ({ row, data: row.dataset as unknown as BoardRow }));
  const buttons = [...board.querySelectorAll<HTMLButtonElement>('button[data-key]')];
  let state = parseState(location.search);

  const show = () => {
    const shown = rows.filter(({ data }) => passes(data, state));
    for (const { row, data } of rows) row.hidden = !passes(data, state);
    // Sorting is stable and starts from the order of the page, so equal rows always stand in the same order.
    body.append(...rows.toSorted((a, b) => compareRows(a.data, b.data, state)).map(({ row }) => row));
    for (const button of buttons) {
      const header = button.closest('th');
      if (button.dataset.key === state.sort) header?.setAttribute('aria-sort', state.direction);
      else header?.removeAttribute('aria-sort');
    }
    const all = rows.length === 1 ? '1 row' : `${rows.length} rows`;
    status.textContent = shown.length === rows.length ? all : `${shown.length} of ${all}`;
  };
  const fillForm = () => {
    for (const [name, value] of [
      ['q', state.q],
      ['architecture', state.architecture],
    ] as const) {
      const field = form.elements.namedItem(name);
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
    }
    const clear = form.elements.namedItem('clear');
    if (clear instanceof HTMLInputElement) clear.checked = state.clear;
  };
  const change = (next: Partial<BoardState>) => {
    state = { ...state, ...next };
    history.replaceState(null, '', `${location.pathname}${writeState(state)}${location.hash}`);
    show();
  };

  for (const button of buttons) {
    button.disabled = false;
    button.addEventListener('click', () => {
      const key = sortKeys.find((candidate) => candidate === button.dataset.key) ?? initialState.sort;
      const first = button.dataset.first === 'ascending' ? 'ascending' : 'descending';
      const turned = state.direction === 'ascending' ? 'descending' : 'ascending';
      change({ sort: key, direction: key === state.sort ? turned : first });
    });
  }
  form.addEventListener('input', () => {
    const data = new FormData(form);
    change({
      q: String(data.get('q') ?? ''),
      architecture: String(data.get('architecture') ?? ''),
      clear: data.has('clear'),
    });
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => change({ q: '', architecture: '', clear: false }));
  addEventListener('popstate', () => {
    state = parseState(location.search);
    fillForm();
    show();
  });
  fillForm();
  form.hidden = false;
  status.hidden = false;
  show();
}
