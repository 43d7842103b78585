import { z } from 'zod';
import { Instant } from '../domain/ids.ts';
import type { PageOf } from './page.ts';
import { cursor, page } from './page.ts';
import { first, projection } from './projection.ts';
import { fragment, query } from './query.ts';

export const eventIndex = projection(
  'event_index',
  {
    meaning: 'One row an event: who did what, when and why, and where in the log it stands.',
    group: 'analytics',
    version: 1,
    key: { position: 'bigint' },
    columns: {
      id: first('uuid', `the event's own id, which its command gives it`),
      stream: first('text', 'the name of the stream it stands in'),
      revision: first('bigint', 'its place in that stream, from 0'),
      type: first('text', 'as in the catalogue of events'),
      recorded_at: first('timestamptz', 'when it was written'),
      effective_at: first('timestamptz', 'from when it counts'),
      actor_type: first(
        'text',
        'who did it: `anonymous`, `member`, `admin`, `api_key`, `operator` or `system`',
      ),
      actor_id: first('text', 'which of them'),
      on_behalf_of: first('text', 'the member that it was done for; null: for whoever did it'),
      command_id: first('text', 'the command that decided it'),
      correlation_id: first('text', 'the request that all began with'),
      causation_id: first('text', 'what led to the command; null: the request itself'),
      source: first('text', 'the part of the program that decided'),
      reason: first('text', 'why, where a reason was asked for'),
    },
    indexes: ['(stream, revision)', '(id)'],
  },
  ({ id, stream, revision, position, type, meta }) => [
    {
      position,
      id,
      stream,
      revision,
      type,
      recorded_at: meta.recordedAt,
      effective_at: meta.effectiveAt,
      actor_type: meta.actor.type,
      actor_id: meta.actor.id,
      on_behalf_of: meta.actor.onBehalfOf ?? null,
      command_id: meta.commandId,
      correlation_id: meta.$correlationId,
      causation_id: meta.$causationId ?? null,
      source: meta.source,
      reason: meta.reason ?? null,
    },
  ],
);

const Position = z.string().regex(/^\d+$/);

export const EventRow = z.object({
  position: Position,
  id: z.string(),
  stream: z.string(),
  revision: z.string(),
  type: z.string(),
  recorded_at: Instant,
  actor_type: z.string(),
  actor_id: z.string(),
  on_behalf_of: z.string().nullable(),
  correlation_id: z.string(),
  causation_id: z.string().nullable(),
  source: z.string(),
  reason: z.string().nullable(),
});
export type EventRow = z.infer<typeof EventRow>;
export const EventCursor = cursor(z.tuple([Position]));

const StreamOfEvent = z.object({ stream: z.string() });

/** Where an event stands. */
export const streamOfEvent = (id: string) =>
  query(StreamOfEvent)`SELECT stream FROM read.event_index WHERE id = ${id} LIMIT 1`;

/** A stream's events, or all, the newest first. */
export const listEvents = (
  { stream }: { readonly stream?: string },
  { limit, after }: PageOf<z.infer<typeof EventCursor>>,
) =>
  query(EventRow)`
    SELECT position, id, stream, revision, type, recorded_at, actor_type, actor_id, on_behalf_of,
           correlation_id, causation_id, source, reason
    FROM read.event_index
    WHERE ${stream === undefined ? fragment`TRUE` : fragment`stream = ${stream}`}
      AND ${after ? fragment`position < ${after[0]}::bigint` : fragment`TRUE`}
    ORDER BY position DESC LIMIT ${limit + 1}`;

export const eventsPage = (rows: readonly EventRow[], wanted: PageOf<unknown>) =>
  page(rows, wanted, (row) => [row.position]);

const RepeatedRow = z.object({ id: z.string(), position: Position, times: z.int() });

/** Events whose id occurs more than once: none, ever. Looks at them all. */
export const listRepeatedEvents = () =>
  query(RepeatedRow)`
    SELECT id, min(position)::text AS position, count(*)::int AS times
    FROM read.event_index GROUP BY id HAVING count(*) > 1 LIMIT 20`;
