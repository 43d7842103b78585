import { z } from 'zod';
import { Instant } from '../domain/ids.ts';
import type { PageOf } from './page.ts';
import { cursor, page } from './page.ts';
import { first, projection } from './projection.ts';
import { fragment, query } from './query.ts';

/** Every event's envelope: who did what, when, why, and where in the log it stands. */
export const eventIndex = projection(
  'event_index',
  {
    version: 1,
    key: { position: 'bigint' },
    columns: {
      id: first('uuid'),
      stream: first('text'),
      revision: first('bigint'),
      type: first('text'),
      recorded_at: first('timestamptz'),
      effective_at: first('timestamptz'),
      actor_type: first('text'),
      actor_id: first('text'),
      on_behalf_of: first('text'),
      command_id: first('text'),
      correlation_id: first('text'),
      causation_id: first('text'),
      source: first('text'),
      reason: first('text'),
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
