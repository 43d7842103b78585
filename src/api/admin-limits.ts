import { z } from 'zod';
import { Uuid } from '../domain/ids.ts';
import { WrittenAmount } from '../domain/money.ts';
import { LimitMeasure, LimitWindow } from '../domain/wallet/limit-events.ts';
import { route } from './route.ts';
import type { OrderWallet } from './wallet-orders.ts';
import { Changed, Reason, walletParams } from './wallet-orders.ts';

const SetLimit = z.strictObject({
  /** Null: the whole wallet. */
  api_key_id: Uuid.nullable().default(null),
  window: LimitWindow,
  measure: LimitMeasure,
  /** Null lifts it. */
  most: WrittenAmount.nullable(),
  reason: Reason,
});

/** Limits a wallet or one of its keys. */
export const putLimit = (order: OrderWallet) =>
  route({
    method: 'PUT',
    path: '/api/admin/wallets/:id/limits',
    who: 'admin',
    summary: 'Set a limit of a wallet or a key by window and measure; `most: null` lifts it',
    params: walletParams,
    body: SetLimit,
    idempotent: true,
    reply: Changed,
    handle: ({ params: { id: walletId }, body, ...by }) => {
      const { api_key_id: apiKeyId, window, measure, most, reason } = body;
      return order(by, {
        name: 'limit',
        walletId,
        reason,
        said: body,
        command: () => (at) => ({
          type: 'SetLimit',
          limit: { apiKeyId, window, measure, most },
          reason,
          at,
        }),
        reply: Changed,
        body: (_, changed) => ({ wallet_id: walletId, changed }),
      });
    },
  });
