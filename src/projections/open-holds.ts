import { z } from 'zod';
import { Instant, Uuid } from '../domain/ids.ts';
import { first, latest, projection } from './projection.ts';
import { query } from './query.ts';

/** The holds that no event has resolved yet, and the process that must; hints for the sweeper. */
export const openHolds = projection(
  'open_holds',
  {
    version: 1,
    key: { call_id: 'uuid' },
    columns: {
      wallet_id: first('uuid'),
      process_id: first('uuid'),
      request_id: first('text'),
      at: first('timestamptz'),
      open: latest('boolean'),
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

const AbandonedHold = z.object({
  call_id: Uuid,
  wallet_id: Uuid,
  request_id: z.string(),
  at: Instant,
});
export type AbandonedHold = z.infer<typeof AbandonedHold>;

/**
 * Holds of processes whose lease has lapsed, the oldest first. A missing lease was removed long after
 * it lapsed; a process has one before it takes any call.
 */
export const abandonedHolds = (most: number) =>
  query(AbandonedHold)`
    SELECT h.call_id, h.wallet_id, h.request_id, h.at
    FROM read.open_holds AS h
    LEFT JOIN feed.leases AS l USING (process_id)
    WHERE h.open AND (l.expires_at IS NULL OR l.expires_at < clock_timestamp())
    ORDER BY h.at LIMIT ${most}`;
