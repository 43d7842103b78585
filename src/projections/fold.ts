import type { Recorded } from '../domain/events.ts';
import { canonical, Decimal } from '../domain/money.ts';
import type { AnyRow, Column, Projection } from './projection.ts';

/** The merged rows of one table: values column by column, as the table's INSERT wants them. */
export interface Folded {
  readonly rows: number;
  /** One array per key column and column, in the order of the declaration; text or null each. */
  readonly values: readonly (readonly (string | null)[])[];
}

/** Merges what a batch of events says into one row a key; pure, and the same for any cut into batches. */
export function fold(projection: Projection, events: Iterable<Recorded>): Folded {
  const { keys, columns, merged } = tableOf(projection);
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

function tableOf({ key, columns }: Projection) {
  return {
    keys: Object.entries(key).map(([name, type]) => ({ name, type })),
    columns: Object.entries(columns).map(([name, column]): NamedColumn => ({ name, ...column })),
    merged: new Map<string, Merged>(),
  };
}

/** Keys are compared as text here and by value in Postgres, so each has one spelling. */
function keyText(value: unknown, type: string): string {
  if (value === undefined || value === null) throw new TypeError('A row lacks a part of its key.');
  return type === 'uuid' ? String(value).toLowerCase() : storable(String(value));
}

function mergeRow(values: unknown[], row: AnyRow, columns: readonly NamedColumn[]): void {
  for (const [index, { name, type, merge }] of columns.entries()) {
    const value = row[name];
    if (value === undefined || value === null) continue;
    if (merge === 'sum') values[index] = add(values[index], value, type);
    else if (merge === 'latest' || values[index] === null) values[index] = value;
  }
}

function add(total: unknown, value: unknown, type: string): unknown {
  if (type === 'numeric') {
    const amount = new Decimal(String(value));
    return total instanceof Decimal ? total.plus(amount) : amount;
  }
  const count = BigInt(String(value));
  return typeof total === 'bigint' ? total + count : count;
}

function toColumns(
  merged: ReadonlyMap<string, Merged>,
  keys: number,
  columns: readonly NamedColumn[],
): Folded {
  const values: (string | null)[][] = Array.from({ length: keys + columns.length }, () => []);
  for (const row of merged.values()) {
    for (let index = 0; index < keys; index += 1) values[index]?.push(row.cells[index] ?? null);
    for (const [index, { type }] of columns.entries()) {
      values[keys + index]?.push(cellText(row.values[index], type));
    }
  }
  return { rows: merged.size, values };
}

function cellText(value: unknown, type: string): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Decimal) return canonical(value);
  if (type !== 'jsonb') return storable(String(value));
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? storable(part) : part));
}

/** Text as Postgres can keep it: neither NUL nor half a surrogate pair, which a caller may have sent. */
const storable = (text: string): string => text.replaceAll('\0', '\u{FFFD}').toWellFormed();
