import pg from 'pg';
import type { Folded } from '../../projections/fold.ts';
import { fold } from '../../projections/fold.ts';
import type { Projection } from '../../projections/projection.ts';
import { upsertOf } from '../../projections/table.ts';
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

/** What a lane's table gets of a batch, and how many events that is all of. */
export interface FoldedLane extends Folded {
  readonly events: number;
}

interface Prepared {
  /** As far as it was folded before; what the lane has seen since is noticed, and folded again. */
  readonly folded?: ReadonlyMap<Lane, FoldedLane>;
  readonly beside?: Beside | undefined;
}

/**
 * Writes a batch into every lane's table, with the positions, in one transaction. False, and nothing
 * written, when a position isn't what this process believes it to be.
 */
export async function writeBatch(
  client: pg.ClientBase,
  lanes: readonly Lane[],
  batch: Batch,
  { folded, beside }: Prepared,
): Promise<boolean> {
  const all = lanes.map((lane) => ({ lane, moves: movesOf(lane, batch), rows: foldedIn(lane) }));
  const moving = all.filter(({ moves }) => moves.size > 0);
  if (moving.length === 0 && !beside) return true;
  await client.query('BEGIN');
  try {
    if (!(await moveAll(client, moving))) {
      await client.query('ROLLBACK');
      return false;
    }
    await beside?.(client);
    if (all.some(({ rows }) => rows.rows > 0)) await client.query(upsertInto(all));
    await client.query('COMMIT');
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await client.query('ROLLBACK').catch(() => {});
    throw isAboutData(error) ? await unfitIn(client, all, error) : error;
  }
  for (const { lane, moves } of moving) {
    for (const [partition, to] of moves) lane.positions[partition] = to;
  }
  return true;

  // The events that a lane lacks become fewer only, so as many are the same ones.
  function foldedIn(lane: Lane): Folded {
    const before = folded?.get(lane);
    return before?.events === unseen(lane, batch).length ? before : foldLane(lane, batch);
  }
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

export function foldLane(lane: Lane, batch: Batch): FoldedLane {
  const events = unseen(lane, batch);
  const { projection } = lane.build;
  try {
    const folded = fold(projection, isFedBy(projection, batch) ? events : []);
    return { ...folded, events: events.length };
  } catch (error) {
    throw new Unfit(lane, { cause: error });
  }
}

/** Most read models are fed by few events, of which most batches have none. */
const isFedBy = ({ fedBy }: Projection, { types }: Batch): boolean =>
  fedBy === 'every event' || fedBy.some((type) => types.has(type));

interface Written {
  readonly lane: Lane;
  readonly rows: Folded;
}

/** All lanes by one statement, always the same of a writer: whoever gets no rows passes empty arrays. */
const upsertInto = (all: readonly Written[]): pg.QueryConfig => ({
  name: 'upsert',
  text: upsertOf(all.map(({ lane }) => lane.build)),
  values: all.flatMap(({ rows }) => rows.values.map(arrayText)),
});

/** Whose table refuses its rows: tried one by one, and nothing is written. */
async function unfitIn(
  client: pg.ClientBase,
  all: readonly Written[],
  error: unknown,
): Promise<unknown> {
  for (const { lane, rows } of all) {
    if (rows.rows === 0) continue;
    await client.query('BEGIN');
    try {
      await client.query(upsertOf([lane.build]), rows.values.map(arrayText));
    } catch (cause) {
      return isAboutData(cause) ? new Unfit(lane, { cause }) : cause;
    } finally {
      await client.query('ROLLBACK').catch(() => {});
    }
  }
  return error;
}

/** An array of text as Postgres reads it; the client's own way there takes several times as long. */
function arrayText(values: readonly (string | null)[]): string {
  let text = '';
  for (const value of values) text += value === null ? ',NULL' : `,${quoted(value)}`;
  return `{${text.slice(1)}}`;
}

const quoted = (text: string): string =>
  text.includes('"') || text.includes('\\')
    ? `"${text.replaceAll(/["\\]/g, '\\$&')}"`
    : `"${text}"`;

/** SQLSTATE classes 22 and 23: the same rows would be refused again. */
const isAboutData = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^2[23]/.test(error.code ?? '');
