/** How a board is sorted and filtered; what the address holds. */
export interface BoardState {
  readonly sort: SortKey;
  readonly direction: Direction;
  readonly q: string;
  readonly architecture: string;
  readonly clear: boolean;
}

export type Direction = 'ascending' | 'descending';

export const sortKeys = ['robust', 'name', 'clean', 'flags', 'architecture', 'date'] as const;
export type SortKey = (typeof sortKeys)[number];

export const initialState: BoardState = {
  sort: 'robust',
  direction: 'descending',
  q: '',
  architecture: '',
  clear: false,
};

/** What one row is sorted and filtered by. */
export type BoardRow = Readonly<Record<SortKey | 'text', string>> & {
  /** `1` for a row that was withdrawn: it stands after the others, however they are sorted. */
  readonly withdrawn: string;
};

/** Reads the state from the query of an address; what is unknown or malformed is as at first. */
export function parseState(query: string): BoardState {
  const parameters = new URLSearchParams(query);
  const [key = '', direction] = (parameters.get('sort') ?? '').split('.');
  const sort = sortKeys.find((candidate) => candidate === key);
  return {
    sort: sort ?? initialState.sort,
    direction: sort === undefined ? initialState.direction : direction === 'asc' ? 'ascending' : 'descending',
    q: (parameters.get('q') ?? '').slice(0, 200),
    architecture: parameters.get('architecture') ?? '',
    clear: parameters.get('clear') === '1',
  };
}

/** The query of an address, beginning with `?`; empty for the state at first. */
export function writeState({ sort, direction, q, architecture, clear }: BoardState): string {
  const parameters = new URLSearchParams();
  if (sort !== initialState.sort || direction !== initialState.direction) {
    parameters.set('sort', `${sort}.${direction === 'ascending' ? 'asc' : 'desc'}`);
  }
  if (q !== '') parameters.set('q', q);
  if (architecture !== '') parameters.set('architecture', architecture);
  if (clear) parameters.set('clear', '1');
  const query = parameters.toString();
  return query === '' ? '' : `?${query}`;
}

/** Whether a row passes the filters: every word of `q` occurs in its text. */
export function passes(row: BoardRow, { q, architecture, clear }: BoardState): boolean {
  const text = row.text.toLowerCase();
  const words = q.toLowerCase().split(/\s+/);
  if (!words.every((word) => text.includes(word))) return false;
  if (architecture !== '' && row.architecture !== architecture) return false;
  // Notes weigh less than a thousand together; see `gravity`.
  return !clear || Number(row.flags) < 1_000;
}

/** Negative when `a` stands before `b`; 0 leaves them in the order they came in. */
export function compareRows(a: BoardRow, b: BoardRow, { sort, direction }: BoardState): number {
  const numeric = sort === 'robust' || sort === 'clean' || sort === 'flags';
  const [x, y] = [a[sort], b[sort]];
  if (a.withdrawn !== b.withdrawn) return Number(a.withdrawn) - Number(b.withdrawn);
  const order = numeric ? Number(x) - Number(y) : x.localeCompare(y, 'en');
  return direction === 'ascending' ? order : -order;
}
