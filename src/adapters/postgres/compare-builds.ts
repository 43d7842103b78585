import type pg from 'pg';
import type { Projection } from '../../projections/projection.ts';

/** What one build's table holds, in a few figures that don't depend on the order of its rows. */
interface Figures {
  readonly rows: string;
  readonly hash: string;
  /** Column → its sum, for those that are added up. */
  readonly sums: Readonly<Record<string, string>>;
}

/** Two builds of a read model at the same position, in the columns that both have. */
export interface Comparison {
  readonly same: boolean;
  readonly before: Figures;
  readonly after: Figures;
  /** Keys of some rows that only one of them has, or has otherwise; none when they are the same. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

const mostExamples = 5;

export async function compareBuilds(
  client: pg.ClientBase,
  projection: Projection,
  { before, after }: { readonly before: string; readonly after: string },
): Promise<Comparison> {
  const columns = await commonColumns(client, projection, before);
  const [old, made] = [`${before}.${projection.name}`, `${after}.${projection.name}`];
  const figures = {
    before: await figuresOf(client, old, { projection, columns }),
    after: await figuresOf(client, made, { projection, columns }),
  };
  const same = JSON.stringify(figures.before) === JSON.stringify(figures.after);
  if (same) return { same, ...figures, onlyBefore: [], onlyAfter: [] };
  const examples = (one: string, other: string) =>
    rowsOnlyIn(client, [one, other], { projection, columns });
  return {
    same,
    ...figures,
    onlyBefore: await examples(old, made),
    onlyAfter: await examples(made, old),
  };
}

interface Compared {
  readonly projection: Projection;
  readonly columns: readonly string[];
}

/** A release may add columns; only what was there before can be compared. */
async function commonColumns(
  client: pg.ClientBase,
  { name, key, columns }: Projection,
  schema: string,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns
     WHERE table_schema = $1 AND table_name = $2`,
    [schema, name],
  );
  const there = new Set(rows.map((row) => row.name));
  return [...Object.keys(key), ...Object.keys(columns)].filter((column) => there.has(column));
}

async function figuresOf(
  client: pg.ClientBase,
  table: string,
  { projection, columns }: Compared,
): Promise<Figures> {
  const summed = columns.filter((column) => projection.columns[column]?.merge === 'sum');
  const { rows } = await client.query<Record<string, string>>(
    `SELECT count(*)::text AS rows,
            coalesce(sum(hashtextextended(ROW(${columns.join(', ')})::text, 0)), 0)::text AS hash
            ${summed.map((column) => `, coalesce(sum(${column}), 0)::text AS sum_${column}`).join('')}
     FROM ${table}`,
  );
  const [found = {}] = rows;
  const { rows: count = '0', hash = '0' } = found;
  const sums = summed.map((column) => [column, found[`sum_${column}`] ?? '0'] as const);
  return { rows: count, hash, sums: Object.fromEntries(sums) };
}

async function rowsOnlyIn(
  client: pg.ClientBase,
  [one, other]: readonly [string, string],
  { projection, columns }: Compared,
): Promise<readonly string[]> {
  const all = columns.join(', ');
  const { rows } = await client.query<{ key: string }>(
    `SELECT ROW(${Object.keys(projection.key).join(', ')})::text AS key
     FROM (SELECT ${all} FROM ${one} EXCEPT SELECT ${all} FROM ${other}) AS d
     ORDER BY key LIMIT ${mostExamples}`,
  );
  return rows.map(({ key }) => key);
}
