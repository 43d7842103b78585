import type { Column, Merge, Projection, SqlType } from './projection.ts';

const sqlTypes: Readonly<Record<SqlType, string>> = {
  uuid: 'uuid',
  text: 'text',
  numeric: 'numeric(38,12)',
  bigint: 'bigint',
  integer: 'integer',
  boolean: 'boolean',
  timestamptz: 'timestamptz',
  date: 'date',
  jsonb: 'jsonb',
};

/** Sums outgrow what they add up; a total must never be refused. */
const totalTypes: Readonly<Record<SqlType, string>> = { ...sqlTypes, numeric: 'numeric(50,12)' };

export const sqlTypeOf = ({ type, merge }: Column): string =>
  merge === 'sum' ? totalTypes[type] : sqlTypes[type];

/** Where one version of a read model lives, unless it was rebuilt. */
export const schemaOf = ({ name, version }: Projection): string => `${name}_v${version}`;

/** The statements that make a schema with a version's table and indexes, unless they are there. */
export function ddlOf(projection: Projection, schema: string): readonly string[] {
  const { name, key, columns, indexes } = projection;
  const table = `${schema}.${name}`;
  const keys = Object.entries(key).map(([column, type]) => `${column} ${sqlTypes[type]} NOT NULL`);
  const others = Object.entries(columns).map(
    ([name, column]) =>
      `${name} ${sqlTypeOf(column)}${column.merge === 'sum' ? ' NOT NULL DEFAULT 0' : ''}`,
  );
  const lines = [...keys, ...others, `PRIMARY KEY (${Object.keys(key).join(', ')})`];
  return [
    `CREATE SCHEMA IF NOT EXISTS ${schema}`,
    // Rows are written several times while they are young: room beside them keeps that cheap.
    `CREATE TABLE IF NOT EXISTS ${table} (${lines.join(', ')}) WITH (fillfactor = 80)`,
    ...indexes.map(
      (index, n) => `CREATE INDEX IF NOT EXISTS ${name}_${n + 1} ON ${table} ${index}`,
    ),
  ];
}

/** A read model, and the schema that its rows are to be merged into. */
export interface Target {
  readonly projection: Projection;
  readonly schema: string;
}

/**
 * The one statement that merges folded batches into tables; its parameters are the batches' columns,
 * table after table. `null` says nothing: it overwrites no value.
 */
export function upsertOf(targets: readonly Target[]): string {
  let parameters = 0;
  const parts = targets.flatMap(({ projection, schema }) => {
    const { name, key, columns } = projection;
    const names = [...Object.keys(key), ...Object.keys(columns)];
    const types = [...Object.values(key), ...Object.values(columns).map(({ type }) => type)];
    const batch = types.map((type, n) => `$${parameters + n + 1}::${parameterType(type)}[]`);
    parameters += types.length;
    return merging(projection, {
      table: `${schema}.${name}`,
      names: names.join(', '),
      batch: `unnest(${batch.join(', ')}) AS r(${names.join(', ')})`,
    });
  });
  return `WITH ${parts.map((part, n) => `part_${n} AS (${part})`).join(',\n')} SELECT`;
}

interface Merging {
  readonly table: string;
  readonly names: string;
  readonly batch: string;
}

function merging(projection: Projection, { table, names, batch }: Merging): readonly string[] {
  const { key, columns, keepWhile } = projection;
  const keys = Object.keys(key);
  const selected = [
    ...keys.map((name) => `r.${name}`),
    ...Object.entries(columns).map(([name, { type, merge }]) => {
      if (merge === 'sum') return `COALESCE(r.${name}, 0)`;
      return type === 'jsonb' ? `r.${name}::jsonb` : `r.${name}`;
    }),
  ];
  const insert = `INSERT INTO ${table} AS t (${names})
SELECT ${selected.join(', ')} FROM ${batch}${keepWhile ? ` WHERE r.${keepWhile} IS NOT FALSE` : ''}
ON CONFLICT (${keys.join(', ')}) ${onConflict(projection)}`;
  if (!keepWhile) return [insert];
  // Within one statement the deleted and the inserted keys are disjoint, so their order is no matter.
  const same = keys.map((name) => `t.${name} = r.${name}`).join(' AND ');
  return [
    `DELETE FROM ${table} AS t USING ${batch} WHERE ${same} AND r.${keepWhile} IS FALSE`,
    insert,
  ];
}

// Arrays of arrays are flattened by unnest, so JSON travels as text.
const parameterType = (type: SqlType): string => (type === 'jsonb' ? 'text' : sqlTypes[type]);

const merged: Readonly<Record<Merge, (name: string) => string>> = {
  sum: (name) => `t.${name} + EXCLUDED.${name}`,
  latest: (name) => `COALESCE(EXCLUDED.${name}, t.${name})`,
  first: (name) => `COALESCE(t.${name}, EXCLUDED.${name})`,
};

function onConflict({ columns }: Projection): string {
  const sets = Object.entries(columns).map(
    ([name, { merge }]) => `${name} = ${merged[merge](name)}`,
  );
  return sets.length > 0 ? `DO UPDATE SET ${sets.join(', ')}` : 'DO NOTHING';
}
