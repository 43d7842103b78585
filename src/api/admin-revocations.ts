import { z } from 'zod';
import { route } from './route.ts';
import type { OrderWallet } from './wallet-orders.ts';
import { Changed, Reason, walletParams } from './wallet-orders.ts';
import { WrittenUuid } from './written-uuid.ts';

/** Takes back what of a grant is unused. */
export const revokeCredit = (order: OrderWallet) =>
  route({
    method: 'POST',
    path: '/api/admin/wallets/:id/revocations',
    who: 'admin',
    summary: 'Revoke the unused part of a grant; what calls hold of it follows when it returns',
    params: walletParams,
    body: z.strictObject({ lot_id: WrittenUuid, reason: Reason }),
    idempotent: true,
    reply: Changed,
    handle: ({ params: { id: walletId }, body, ...by }) =>
      order(by, {
        name: 'revocation',
        walletId,
        reason: body.reason,
        said: body,
        command: () => (at) => ({
          type: 'RevokeCredit',
          lotId: body.lot_id,
          reason: body.reason,
          at,
        }),
        reply: Changed,
        body: (_, changed) => ({ wallet_id: walletId, changed }),
      }),
  });
