import { z } from 'zod';
import { route } from './route.ts';
import type { OrderWallet } from './wallet-orders.ts';
import { Changed, Reason, walletParams } from './wallet-orders.ts';

/** Pays what a wallet owes from its paid credit. */
export const payDebt = (order: OrderWallet) =>
  route({
    method: 'POST',
    path: '/api/admin/wallets/:id/debt-payments',
    who: 'admin',
    summary: 'Pay what a wallet owes from its paid credit that is not held',
    params: walletParams,
    body: z.strictObject({ reason: Reason }),
    idempotent: true,
    reply: Changed,
    handle: ({ params: { id: walletId }, body: { reason }, ...by }) =>
      order(by, {
        name: 'debt-payment',
        walletId,
        reason,
        said: reason,
        command: () => (at) => ({ type: 'PayDebt', at }),
        reply: Changed,
        body: (_, changed) => ({ wallet_id: walletId, changed }),
      }),
  });
