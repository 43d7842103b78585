import { first, latest, projection } from './projection.ts';

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
