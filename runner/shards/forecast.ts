/** Time left of a run, from what its tasks cost and what tasks of the same kind took. */
export interface Forecast {
  /** Announces work: `cost` in any unit that compares tasks of one kind, and roughly those of different kinds. */
  plan(kind: string, cost: number): void;
  /** @param seconds how long it took; null for work that an earlier run had done */
  done(kind: string, cost: number, seconds: number | null): void;
  /** Share of the work that is done, by its expected time. */
  share(): number;
  /** Seconds that the work left takes `workers` workers; null while nothing is known. */
  secondsLeft(workers: number): number | null;
}

interface Kind {
  planned: number;
  done: number;
  /** Cost and time of what was measured. */
  measured: number;
  seconds: number;
}

export function forecast(): Forecast {
  const kinds = new Map<string, Kind>();
  const of = (name: string): Kind => {
    const kind = kinds.get(name) ?? { planned: 0, done: 0, measured: 0, seconds: 0 };
    kinds.set(name, kind);
    return kind;
  };
  /** Seconds per unit of cost: of the kind where it was measured, of all kinds otherwise. */
  const pace = (kind: Kind): number | null => {
    if (kind.measured > 0) return kind.seconds / kind.measured;
    let measured = 0;
    let seconds = 0;
    for (const other of kinds.values()) {
      measured += other.measured;
      seconds += other.seconds;
    }
    return measured > 0 ? seconds / measured : null;
  };
  const seconds = (cost: (kind: Kind) => number): number | null => {
    let sum = 0;
    for (const kind of kinds.values()) {
      const rate = pace(kind);
      if (rate === null) return null;
      sum += rate * Math.max(0, cost(kind));
    }
    return sum;
  };
  return {
    plan(kind, cost) {
      of(kind).planned += cost;
    },
    done(kind, cost, took) {
      of(kind).done += cost;
      if (took === null) return;
      of(kind).measured += cost;
      of(kind).seconds += took;
    },
    share() {
      const left = seconds((kind) => kind.planned - kind.done);
      const all = seconds((kind) => Math.max(kind.planned, kind.done));
      if (left === null || all === null || all === 0) return 0;
      return 1 - left / all;
    },
    secondsLeft(workers) {
      const left = seconds((kind) => kind.planned - kind.done);
      return left === null ? null : left / workers;
    },
  };
}
