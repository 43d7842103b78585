import type { DatabasePool, Interceptor, QueryResultRow } from 'slonik';
import { createPool, SchemaValidationError } from 'slonik';
import { inUtc } from './connect.ts';

export interface PoolOptions {
  readonly max?: number;
  readonly name?: string;
}

/**
 * The pool that reads go through. Every row is checked against its query's schema; amounts, big
 * integers and times arrive as exact text. It survives restarts of the server: queries fail
 * meanwhile, later ones connect again.
 */
export const openPool = (
  databaseUrl: string,
  { max = 10, name = 'reads' }: PoolOptions = {},
): Promise<DatabasePool> =>
  createPool(inUtc(databaseUrl), {
    poolName: name,
    maxPoolSize: max,
    connectionTimeout: 5_000,
    // A query that has waited this long has no reader left.
    statementTimeout: 30_000,
    idleTimeout: 60_000,
    gracefulTerminationTimeout: 2_000,
    typeParsers,
    interceptors: [checkedRows],
    // Nothing here uses session state, and DISCARD ALL costs a third of the throughput.
    resetConnection: async () => {},
  });

const asWritten = (text: string) => text;

/** The whole list: giving any replaces slonik's own, whose numbers and times lose digits. */
const typeParsers = [
  { name: 'date', parse: asWritten },
  { name: 'int8', parse: asWritten },
  { name: 'interval', parse: asWritten },
  { name: 'numeric', parse: asWritten },
  { name: 'timestamp', parse: asWritten },
  { name: 'timestamptz', parse: instant },
];

const inServerForm = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?\+00$/;

/** `2026-01-02 03:04:05.1+00` → `2026-01-02T03:04:05.100Z`; digits past the third are kept. */
function instant(text: string): string {
  const parts = inServerForm.exec(text);
  return parts ? `${parts[1]}T${parts[2]}.${(parts[3] ?? '').padEnd(3, '0')}Z` : text;
}

const checkedRows: Interceptor = {
  name: 'checked-rows',
  transformRow({ resultParser }, query, row) {
    if (!resultParser) return row;
    const checked = resultParser['~standard'].validate(row);
    if (checked instanceof Promise) throw new TypeError('Row schemas are synchronous.');
    if (checked.issues) throw new SchemaValidationError(query, row, checked.issues);
    // slonik types a row as flat values; whoever runs the query sees the schema's own type.
    return checked.value as QueryResultRow;
  },
};
