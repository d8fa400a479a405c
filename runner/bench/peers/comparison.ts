import type { Norm } from '#core/projections.ts';

/** The peers: names of the modules in `python/` without `_attacks.py`. */
export const tools = ['foolbox', 'torchattacks', 'art'] as const;
export type Tool = (typeof tools)[number];

type Parameters = Readonly<Record<string, number | string>>;

/** An attack of ours with its options. */
export interface Line {
  readonly attack: string;
  readonly options: Readonly<Record<string, number | string | boolean>>;
}

/** The setting of the stored outcomes. */
export interface Golden<P> {
  /** Of MNIST; other data sets have a share of it. */
  readonly images: number;
  /** Where the budget is a smaller one. */
  readonly parameters?: P;
  /** Where they are others yet for the nets of a data set. */
  readonly ofDataset?: Readonly<Record<string, P>>;
  /** At one radius, of middle size, for what is slow; without, at all of `golden.ts`. */
  readonly oneRadius?: true;
}

/** One search that several tools do, and the budget that each of them gets. */
export interface Comparison {
  readonly id: string;
  /** Name in the tables `ATTACKS` of `python/`. */
  readonly search: string;
  readonly norm: Norm;
  /** 'fixed-epsilon': who breaks more within ε. 'minimum-norm': who comes nearer. 'unbounded': who breaks more, at any distance. */
  readonly kind: 'fixed-epsilon' | 'minimum-norm' | 'unbounded';
  readonly targets: 'untargeted' | 'all';
  /** What every tool is told, under one name each. */
  readonly parameters: Parameters;
  /**
   * The same search by attacks of ours, one after the other on what still stands.
   * @param epsilon NaN for a search at any distance
   */
  readonly ours: (parameters: Parameters, epsilon: number) => readonly Line[];
  /** Who else has it; a remark where a peer does less under the same name, and is then left out of the ratio. */
  readonly peers: Partial<Readonly<Record<Tool, string | null>>>;
  /** Smaller budget of the stored outcomes, for a test of seconds; null where there are none. */
  readonly golden: Golden<Parameters> | null;
}

type Definition<P extends Parameters> = Omit<Comparison, 'parameters' | 'ours' | 'targets' | 'golden' | 'id'> & {
  readonly targets?: Comparison['targets'];
  /** Tells it from another comparison of the same search and norm. */
  readonly variant?: string;
  readonly parameters: P;
  readonly ours: (parameters: P, epsilon: number) => readonly Line[];
  readonly golden?: Golden<Partial<P>> | null;
};

/** A comparison, whose id is made of its search, its norm and what tells it from others of both. */
export function compare<P extends Parameters>({ golden = { images: 100 }, ...definition }: Definition<P>): Comparison {
  const { search, norm, variant } = definition;
  const id = [search, norm.toLowerCase(), variant]
    .filter((part) => part !== undefined)
    .join('-')
    .replace('l2-l2', 'l2')
    .replace('l0-l0', 'l0')
    .replace('linf-linf', 'linf');
  return { targets: 'untargeted', ...definition, id, golden } as unknown as Comparison;
}
