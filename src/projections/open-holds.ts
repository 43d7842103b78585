import { z } from 'zod';
import { Instant, Uuid } from '../domain/ids.ts';
import { first, latest, projection } from './projection.ts';
import { fragment, query } from './query.ts';

export const openHolds = projection(
  'open_holds',
  {
    meaning:
      'One row a hold that no event has resolved yet, and the process that must: hints for the sweeper.',
    group: 'finance',
    version: 1,
    key: { call_id: 'uuid' },
    columns: {
      wallet_id: first('uuid'),
      process_id: first('uuid', 'the process that must end the call, by its lease'),
      request_id: first('text'),
      at: first('timestamptz', 'when it was reserved'),
      open: latest('boolean', 'always true: rows of resolved holds are deleted'),
    },
    keepWhile: 'open',
  },
  {
    CreditReserved: ({ data, meta }) => [
      {
        call_id: data.call.callId,
        wallet_id: data.walletId,
        process_id: data.processId,
        request_id: data.call.requestId,
        at: meta.recordedAt,
        open: true,
      },
    ],
    UsageSettled: ({ data }) => [{ call_id: data.call.callId, open: false }],
    ReservationReleased: ({ data }) => [{ call_id: data.call.callId, open: false }],
    ReservationExpired: ({ data }) => [{ call_id: data.call.callId, open: false }],
  },
);

/** A call that somebody has to end. */
export const AbandonedCall = z.object({
  callId: Uuid,
  walletId: Uuid,
  processId: Uuid,
  requestId: z.string(),
  beganAt: Instant,
});
type AbandonedCall = z.output<typeof AbandonedCall>;

/**
 * Holds of processes whose lease has lapsed, the oldest first of those after a place. A missing lease was removed long after
 * it lapsed; a process has one before it takes any call.
 */
export const abandonedHolds = (most: number, after: AbandonedCall | null) =>
  query(AbandonedCall)`
    SELECT h.call_id AS "callId", h.wallet_id AS "walletId", h.process_id AS "processId",
           h.request_id AS "requestId", h.at AS "beganAt"
    FROM read.open_holds AS h
    LEFT JOIN feed.leases AS l USING (process_id)
    WHERE h.open AND (l.expires_at IS NULL OR l.expires_at < clock_timestamp())
      AND ${after ? fragment`(h.at, h.call_id) > (${after.beganAt}, ${after.callId})` : fragment`true`}
    ORDER BY h.at, h.call_id LIMIT ${most}`;

const HoldsByAge = z.object({ age: z.enum(['10s', '1m', '10m', 'older']), holds: z.int() });

/** How many holds are open, by how long they have been. */
export const openHoldsByAge = () =>
  query(HoldsByAge)`
    SELECT CASE WHEN at > now() - interval '10 seconds' THEN '10s'
                WHEN at > now() - interval '1 minute' THEN '1m'
                WHEN at > now() - interval '10 minutes' THEN '10m'
                ELSE 'older' END AS age, count(*)::int AS holds
    FROM read.open_holds WHERE open GROUP BY 1`;
