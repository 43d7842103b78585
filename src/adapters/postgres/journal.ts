import type { Logger } from 'pino';
import type { DatabasePool } from 'slonik';
import { sql } from 'slonik';
import { z } from 'zod';
import { Uuid } from '../../domain/ids.ts';
import { Amount } from '../../domain/money.ts';
import { Usage } from '../../domain/price-list/usage.ts';
import { CostTerms } from '../../domain/route/cost.ts';
import { BookedCost, CallOutcome, CostFacts } from '../../domain/wallet/call-events.ts';
import { AbandonedCall } from '../../projections/open-holds.ts';
import { fragment, query, statement } from '../../projections/query.ts';
import type { CallNote, Journal, OpenCall, Taken, Testimony } from '../llm/journal.ts';
import type { Seldom } from '../seldom.ts';
import { seldom } from '../seldom.ts';
import { journalWriter } from './journal-writer.ts';

export interface CallJournal extends Journal, Testimony {
  /** How many calls have a row. */
  rows(): Promise<number>;
  /** Writes what is waiting. */
  close(): Promise<void>;
}

interface JournalParts {
  /** Best one of its own: a note must not wait for reports. */
  readonly pool: DatabasePool;
  readonly log: Logger;
}

interface Told extends Pick<JournalParts, 'log'> {
  /** Every sweep comes upon the same rows again. */
  readonly isNews: Seldom;
}

/** The journal of calls in flight, in its Postgres schema; notes of many calls go in one statement. */
export function callJournal({ pool, log }: JournalParts): CallJournal {
  const isNews = seldom();
  const writer = journalWriter({
    write: (notes) => write(pool, notes),
    remove: (callIds) => remove(pool, callIds),
    log,
  });
  return {
    note: writer.note,
    forget: writer.forget,
    close: writer.close,
    take: (calls) => take({ pool, log, isNews }, calls),
    async resolved(callIds) {
      if (callIds.length === 0) return;
      await pool.query(ended(callIds));
      await pool.query(forgetOld);
    },
    rows: async () => (await pool.one(count)).rows,
  };
}

const Id = z.object({ call_id: Uuid });
const openCall = ['uuid', 'uuid', 'uuid', 'text', 'timestamptz'] as const;

const cellsOf = (call: OpenCall) =>
  [call.callId, call.walletId, call.processId, call.requestId, call.beganAt] as const;

/** In one order everywhere, so that two statements over the same rows never wait for each other. */
const inOrder = <Call extends OpenCall>(calls: readonly Call[]): readonly Call[] =>
  calls.toSorted((a, b) => (a.callId < b.callId ? -1 : 1));

/** Returns the calls whose notes were accepted. */
async function write(pool: DatabasePool, notes: readonly CallNote[]): Promise<ReadonlySet<string>> {
  const rows = inOrder(notes).map((note) => [
    ...cellsOf(note),
    JSON.stringify(note.asked),
    note.counted && JSON.stringify(note.counted),
    JSON.stringify(note.ending),
  ]);
  const written = await pool.any(query(Id)`
    INSERT INTO journal.calls AS c
      (call_id, wallet_id, process_id, request_id, began_at, asked, counted, ending)
    SELECT n.call_id, n.wallet_id, n.process_id, n.request_id, n.began_at,
           n.asked::jsonb, n.counted::jsonb, n.ending::jsonb
    FROM ${sql.unnest(rows, [...openCall, 'text', 'text', 'text'])}
      AS n(call_id, wallet_id, process_id, request_id, began_at, asked, counted, ending)
    ON CONFLICT (call_id) DO UPDATE
      SET asked = EXCLUDED.asked, counted = EXCLUDED.counted, ending = EXCLUDED.ending
      WHERE c.taken_at IS NULL
    RETURNING c.call_id`);
  return new Set(written.map(({ call_id: callId }) => callId));
}

async function remove(pool: DatabasePool, callIds: readonly string[]): Promise<void> {
  await pool.query(statement`
    DELETE FROM journal.calls WHERE call_id = ANY(${sql.array(callIds.toSorted(), 'uuid')})`);
}

const Ending = z.object({
  outcome: CallOutcome,
  upstream: z.string().nullable(),
  upstreamModel: z.string().nullable(),
  latencyMs: z.int(),
  firstTokenMs: z.int().nullable(),
});

/** What is noted of a call, by this release or another one. */
const NotedRow = z.looseObject({ call_id: Uuid });

const TakenRow = z.object({
  asked: z.array(
    z.object({
      upstream: z.string(),
      model: z.string(),
      cost: z.object({ terms: CostTerms, bound: Amount, facts: CostFacts }).optional(),
      charged: BookedCost.optional(),
    }),
  ),
  counted: z
    .object({
      basis: z.enum(['usage', 'checkpoint']),
      usage: Usage,
      characters: z.int().nullable(),
    })
    .nullable(),
  ending: Ending.nullable(),
});

/** A row is left also for a call that has none: it refuses what its process would still note. */
async function take(
  { pool, ...told }: JournalParts & Told,
  calls: readonly OpenCall[],
): Promise<ReadonlyMap<string, Taken | 'unreadable'>> {
  if (calls.length === 0) return new Map();
  const rows = await pool.any(query(NotedRow)`
    INSERT INTO journal.calls AS c
      (call_id, wallet_id, process_id, request_id, began_at, taken_at)
    SELECT n.*, clock_timestamp()
    FROM ${sql.unnest(inOrder(calls).map(cellsOf), [...openCall])} AS n
    ON CONFLICT (call_id) DO UPDATE SET taken_at = COALESCE(c.taken_at, EXCLUDED.taken_at)
    RETURNING c.call_id, c.asked, c.counted, c.ending`);
  return new Map(rows.flatMap((row) => takenFrom(row, told)));
}

function takenFrom(
  { call_id: callId, ...noted }: z.infer<typeof NotedRow>,
  { log, isNews }: Told,
): readonly [string, Taken | 'unreadable'][] {
  const { success, data, error: err } = TakenRow.safeParse(noted);
  if (!success) {
    if (isNews(callId)) {
      log.error({ err, call: callId }, 'what the journal has of a call can’t be read; it is left');
    }
    return [[callId, 'unreadable']];
  }
  const { asked, counted, ending } = data;
  return ending ? [[callId, { asked, counted, ending }]] : [];
}

/**
 * Calls of processes that are gone of which the journal knows, and of nobody that ended them; the oldest
 * first of those after a place.
 */
export const abandonedNotes = (most: number, after: OpenCall | null) =>
  query(AbandonedCall)`
    SELECT c.call_id AS "callId", c.wallet_id AS "walletId", c.process_id AS "processId",
           c.request_id AS "requestId", c.began_at AS "beganAt"
    FROM journal.calls AS c
    LEFT JOIN feed.leases AS l USING (process_id)
    WHERE c.resolved_at IS NULL AND (l.expires_at IS NULL OR l.expires_at < clock_timestamp())
      AND ${after ? fragment`(c.began_at, c.call_id) > (${after.beganAt}, ${after.callId})` : fragment`true`}
    ORDER BY c.began_at, c.call_id LIMIT ${most}`;

const ended = (callIds: readonly string[]) => statement`
  UPDATE journal.calls SET resolved_at = clock_timestamp()
  WHERE call_id = ANY(${sql.array(callIds.toSorted(), 'uuid')}) AND resolved_at IS NULL`;

/** A call may ask about its swept hold for a day. */
const forgetOld = statement`
  DELETE FROM journal.calls WHERE resolved_at < clock_timestamp() - interval '1 day'`;

const count = query(z.object({ rows: z.int() }))`
  SELECT count(*)::int AS rows FROM journal.calls`;
