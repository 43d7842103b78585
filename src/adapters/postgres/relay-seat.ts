import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { closeQuietly, connect } from './connect.ts';

/** Where a relay stands, in the log and in each partition of the topic. */
export interface RelayPlace {
  readonly position: bigint | null;
  /** By partition: the position of its last record; null: there is none. */
  readonly tails: readonly (bigint | null)[];
}

/** The right to be the one relay, while it lasts. */
export interface RelaySeat extends RelayPlace {
  /** Higher than every relay's before. */
  readonly epoch: bigint;
  /** Notes what the brokers have acknowledged; rejects when somebody else sits here. */
  save(place: RelayPlace): Promise<void>;
  /** Aborts when the seat is lost. */
  readonly lost: AbortSignal;
  leave(): void;
}

/** Another relay has taken over. */
export class SeatTaken extends Error {
  override readonly name = 'SeatTaken';
}

/** Any number that nothing else in this database locks. */
const lock = 4_711_004;
const askAgainMs = 500;
/** A relay that stands still for so long is put out by the server, so that another one can go on. */
const idleMs = 10_000;
const signOfLifeMs = 2_000;

/** Waits until no other process relays to this topic, and takes its place. */
export async function takeSeat(
  databaseUrl: string,
  topic: string,
  signal: AbortSignal,
): Promise<RelaySeat> {
  const losing = new AbortController();
  const client = await connect(databaseUrl, {
    name: 'relay',
    statementMs: 10_000,
    onBreak: (error) => losing.abort(error),
  });
  try {
    await client.query(`SET idle_session_timeout = ${idleMs}`);
    while (!(await locked(client, topic))) await sleep(askAgainMs, undefined, { signal });
    return seatOf(client, await enter(client, topic), { topic, losing });
  } catch (error) {
    closeQuietly(client);
    throw error;
  }
}

async function locked(client: pg.Client, topic: string): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>(
    'SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine',
    [lock, topic],
  );
  return rows[0]?.mine ?? false;
}

interface Entered extends RelayPlace {
  readonly epoch: bigint;
}

async function enter(client: pg.Client, topic: string): Promise<Entered> {
  const { rows } = await client.query<{
    epoch: string;
    position: string | null;
    tails: (string | null)[];
  }>(
    `INSERT INTO feed.relay (topic, epoch) VALUES ($1, 1)
     ON CONFLICT (topic) DO UPDATE SET epoch = feed.relay.epoch + 1
     RETURNING epoch::text, position::text, tails::text[]`,
    [topic],
  );
  const [row] = rows;
  if (!row) throw new Error(`Nobody can relay to ${topic}.`);
  const { epoch, position, tails } = row;
  return { epoch: BigInt(epoch), position: bigint(position), tails: tails.map(bigint) };
}

const bigint = (text: string | null): bigint | null => (text === null ? null : BigInt(text));

function seatOf(
  client: pg.Client,
  entered: Entered,
  { topic, losing }: { readonly topic: string; readonly losing: AbortController },
): RelaySeat {
  const alive = setInterval(() => {
    client.query('SELECT 1').catch((error: unknown) => losing.abort(error));
  }, signOfLifeMs);
  return {
    ...entered,
    lost: losing.signal,
    async save({ position, tails }) {
      const { rowCount } = await client.query({
        name: 'save-relay',
        text: `UPDATE feed.relay SET position = $3, tails = $4::bigint[]
               WHERE topic = $1 AND epoch = $2`,
        values: [topic, entered.epoch.toString(), text(position), tails.map(text)],
      });
      if (rowCount !== 1) throw new SeatTaken(`Another relay writes to ${topic} now.`);
    },
    leave() {
      clearInterval(alive);
      closeQuietly(client);
    },
  };
}

const text = (position: bigint | null): string | null => position?.toString() ?? null;
