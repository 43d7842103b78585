import pg from 'pg';
import type { Folded } from '../../projections/fold.ts';
import { fold } from '../../projections/fold.ts';
import { upsertOf } from '../../projections/table.ts';
import type { Build } from './builds.ts';
import { moveCheckpoints } from './checkpoints.ts';
import type { Batch, Lane } from './lanes.ts';
import { movesOf, placeOf, unseen } from './lanes.ts';

/** A read model's handler, or its table, refuses something in a batch. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
  readonly lane: Lane;

  constructor(lane: Lane, options: ErrorOptions) {
    super(`${lane.build.schema} can't take this batch.`, options);
    this.lane = lane;
  }
}

/** What else is to be written with a batch; when it rejects, nothing is written. */
export type Beside = (client: pg.ClientBase) => Promise<void>;

/**
 * Writes a batch into every lane's table, with the positions, in one transaction. False, and nothing
 * written, when a position isn't what this process believes it to be.
 */
export async function writeBatch(
  client: pg.ClientBase,
  lanes: readonly Lane[],
  batch: Batch,
  beside?: Beside,
): Promise<boolean> {
  const moving = lanes
    .map((lane) => ({ lane, moves: movesOf(lane, batch), rows: foldFor(lane, batch) }))
    .filter(({ moves }) => moves.size > 0);
  if (moving.length === 0 && !beside) return true;
  await client.query('BEGIN');
  try {
    if (!(await moveAll(client, moving))) {
      await client.query('ROLLBACK');
      return false;
    }
    await beside?.(client);
    for (const { lane, rows } of moving) if (rows.rows > 0) await writeRows(client, lane, rows);
    await client.query('COMMIT');
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  for (const { lane, moves } of moving) {
    for (const [partition, to] of moves) lane.positions[partition] = to;
  }
  return true;
}

interface Moving {
  readonly lane: Lane;
  readonly moves: ReadonlyMap<number, bigint>;
}

function moveAll(client: pg.ClientBase, moving: readonly Moving[]): Promise<boolean> {
  const moves = moving.flatMap(({ lane, moves }) =>
    [...moves].map(([partition, to]) => ({
      place: placeOf(lane.build, partition),
      from: lane.positions[partition] ?? null,
      to,
    })),
  );
  return moves.length === 0 ? Promise.resolve(true) : moveCheckpoints(client, moves);
}

function foldFor(lane: Lane, batch: Batch): Folded {
  try {
    return fold(lane.build.projection, unseen(lane, batch));
  } catch (error) {
    throw new Unfit(lane, { cause: error });
  }
}

async function writeRows(client: pg.ClientBase, lane: Lane, { values }: Folded): Promise<void> {
  try {
    await client.query({ ...upsertFor(lane.build), values: values.map(arrayText) });
  } catch (error) {
    throw isAboutData(error) ? new Unfit(lane, { cause: error }) : error;
  }
}

/** An array of text as Postgres reads it; the client's own way there takes several times as long. */
function arrayText(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`;
}

const quoted = (text: string): string =>
  /["\\]/.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`;

/** SQLSTATE classes 22 and 23: the same rows would be refused again. */
const isAboutData = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '');

interface Prepared {
  readonly name: string;
  readonly text: string;
}
const prepared = new WeakMap<Build, Prepared>();

function upsertFor(build: Build): Prepared {
  const known = prepared.get(build);
  if (known) return known;
  const { projection, schema } = build;
  const statement = { name: `upsert-${schema}`, text: upsertOf(projection, schema) };
  prepared.set(build, statement);
  return statement;
}
