import type { Recorded } from '../domain/events.ts';
import { amountOf, partsOf } from '../domain/money.ts';
import type { AnyRow, Column, Projection, SqlType } from './projection.ts';

/** The merged rows of one table: values column by column, as the table's INSERT wants them. */
export interface Folded {
  readonly rows: number;
  /** One array per key column and column, in the order of the declaration; text or null each. */
  readonly values: readonly (readonly (string | null)[])[];
}

/** Merges what a batch of events says into one row a key; pure, and the same for any cut into batches. */
export function fold(projection: Projection, events: Iterable<Recorded>): Folded {
  const { keys, columns } = tableOf(projection);
  const merged = new Map<string, Merged>();
  for (const event of events) {
    for (const row of projection.rowsOf(event)) {
      const cells = keys.map(({ name, type }) => keyText(row[name], type));
      const key = cells.length === 1 ? (cells[0] ?? '') : cells.join('\0');
      let target = merged.get(key);
      if (!target) {
        target = { cells, values: columns.map(() => null) };
        merged.set(key, target);
      }
      mergeRow(target.values, row, columns);
    }
  }
  return toColumns(merged, keys.length, columns);
}

interface Merged {
  readonly cells: readonly string[];
  readonly values: unknown[];
}

interface NamedColumn extends Column {
  readonly name: string;
}

interface Table {
  readonly keys: readonly { readonly name: string; readonly type: SqlType }[];
  readonly columns: readonly NamedColumn[];
}
const tables = new WeakMap<Projection, Table>();

function tableOf(projection: Projection): Table {
  const known = tables.get(projection);
  if (known) return known;
  const { key, columns } = projection;
  const table = {
    keys: Object.entries(key).map(([name, type]) => ({ name, type })),
    columns: Object.entries(columns).map(([name, column]): NamedColumn => ({ name, ...column })),
  };
  tables.set(projection, table);
  return table;
}

/** Keys are compared as text here and by value in Postgres, so each has one spelling. */
function keyText(value: unknown, type: string): string {
  if (value === undefined || value === null) throw new TypeError('A row lacks a part of its key.');
  return type === 'uuid' ? String(value).toLowerCase() : storable(String(value));
}

function mergeRow(values: unknown[], row: AnyRow, columns: readonly NamedColumn[]): void {
  let index = -1;
  for (const { name, type, merge } of columns) {
    index += 1;
    const value = row[name];
    if (value === undefined || value === null) continue;
    const before = values[index];
    if (before === null || merge === 'latest') values[index] = value;
    else if (merge === 'sum') values[index] = add(before, value, type);
  }
}

/** Most sums have one part in a batch, which stays as it was said; an amount that grew is its parts. */
function add(one: unknown, other: unknown, type: SqlType): unknown {
  if (type === 'numeric') return partsIn(one) + partsIn(other);
  return BigInt(String(one)) + BigInt(String(other));
}

const partsIn = (value: unknown): bigint =>
  typeof value === 'bigint' ? value : partsOf(String(value));

function toColumns(
  merged: ReadonlyMap<string, Merged>,
  keys: number,
  columns: readonly NamedColumn[],
): Folded {
  const rows = [...merged.values()];
  const values: (readonly (string | null)[])[] = [];
  for (let index = 0; index < keys; index += 1) {
    values.push(rows.map(({ cells }) => cells[index] ?? null));
  }
  let index = 0;
  for (const { type } of columns) {
    const at = index;
    values.push(rows.map((row) => cellText(row.values[at], type)));
    index += 1;
  }
  return { rows: rows.length, values };
}

function cellText(value: unknown, type: SqlType): string | null {
  if (value === null || value === undefined) return null;
  if (type === 'numeric' && typeof value === 'bigint') return amountOf(value);
  if (type !== 'jsonb') return storable(String(value));
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? storable(part) : part));
}

/** Text as Postgres can keep it: neither NUL nor half a surrogate pair, which a caller may have sent. */
const storable = (text: string): string =>
  (text.includes('\0') ? text.replaceAll('\0', '\u{FFFD}') : text).toWellFormed();
