import type { Recorded, StoredEvent } from '../../src/domain/events.ts';
import { canonical, money } from '../../src/domain/money.ts';
import { fold } from '../../src/projections/fold.ts';
import type { Projection } from '../../src/projections/projection.ts';

export type Cells = readonly (string | null)[];

/** One read model's table, which takes a batch as its `INSERT … ON CONFLICT` would. */
export interface Table {
  readonly projection: Projection;
  readonly rows: ReadonlyMap<string, Cells>;
  apply(events: readonly Recorded[]): void;
}

export function table(projection: Projection): Table {
  const rows = new Map<string, Cells>();
  const keys = Object.keys(projection.key).length;
  const columns = Object.entries(projection.columns);
  const kept = columns.findIndex(([name]) => name === projection.keepWhile);

  function merge(before: Cells | undefined, added: Cells): Cells {
    return added.map((cell, index) => {
      const column = columns[index - keys]?.[1];
      const old = before?.[index] ?? null;
      if (column?.merge === 'sum') return canonical(money(old ?? '0').plus(cell ?? '0'));
      return column?.merge === 'first' ? (old ?? cell) : (cell ?? old);
    });
  }

  return {
    projection,
    rows,
    apply(events) {
      const { rows: count, values } = fold(projection, events);
      for (let index = 0; index < count; index += 1) {
        const cells = values.map((column) => column[index] ?? null);
        const key = cells.slice(0, keys).join('\0');
        if (kept >= 0 && cells[keys + kept] === 'false') rows.delete(key);
        else rows.set(key, merge(rows.get(key), cells));
      }
    },
  };
}

/** What a reader finds under a column. */
export const cellOf = ({ projection }: Table, cells: Cells, name: string): string =>
  cells[[...Object.keys(projection.key), ...Object.keys(projection.columns)].indexOf(name)] ?? '';

/** Where an event belongs: those of one unit come in their order, of several in any. */
const unitOf = ({ stream }: Pick<StoredEvent, 'stream'>): string =>
  stream.startsWith('wallet-') ? stream.slice(0, stream.lastIndexOf('@')) : 'others';

/** Read models on a feed that comes late, more than once, and mixed between units. */
export interface ReadSide {
  readonly tables: readonly Table[];
  written(events: readonly StoredEvent[]): void;
  /** A delivery of what a unit has, from some event on that may have come before. */
  deliver(unit: string, batch: { readonly from: number; readonly to: number }): void;
  units(): readonly { readonly unit: string; readonly seen: number; readonly all: number }[];
}

export function readSide(
  projections: readonly Projection[],
  read: (event: StoredEvent) => Recorded,
): ReadSide {
  const tables = projections.map(table);
  const units = new Map<string, StoredEvent[]>();
  const checkpoints = new Map<string, bigint>();

  return {
    tables,
    written(events) {
      for (const event of events) {
        const unit = unitOf(event);
        const known = units.get(unit);
        if (known) known.push(event);
        else units.set(unit, [event]);
      }
    },
    deliver(unit, { from, to }) {
      const checkpoint = checkpoints.get(unit) ?? -1n;
      const batch = (units.get(unit) ?? []).slice(from, to);
      const fresh = batch.filter(({ position }) => position > checkpoint);
      const last = fresh.at(-1);
      if (!last) return;
      const events = fresh.map(read);
      for (const each of tables) each.apply(events);
      checkpoints.set(unit, last.position);
    },
    units: () =>
      [...units].map(([unit, events]) => {
        const checkpoint = checkpoints.get(unit) ?? -1n;
        const next = events.findIndex(({ position }) => position > checkpoint);
        return { unit, seen: next === -1 ? events.length : next, all: events.length };
      }),
  };
}
