import { z } from 'zod';
import { route } from './route.ts';
import type { OrderWallet } from './wallet-orders.ts';
import { Changed, Reason, walletParams } from './wallet-orders.ts';

const freezing = (
  order: OrderWallet,
  {
    verb,
    type,
    summary,
  }: {
    readonly verb: 'freeze' | 'unfreeze';
    readonly type: 'FreezeWallet' | 'UnfreezeWallet';
    readonly summary: string;
  },
) =>
  route({
    method: 'POST',
    path: `/api/admin/wallets/:id/${verb}`,
    who: 'admin',
    summary,
    params: walletParams,
    body: z.strictObject({ reason: Reason }),
    idempotent: true,
    reply: Changed,
    handle: ({ params: { id: walletId }, body: { reason }, ...by }) =>
      order(by, {
        name: verb,
        walletId,
        reason,
        said: reason,
        command: () => (at) => ({ type, reason, at }),
        reply: Changed,
        body: (_, changed) => ({ wallet_id: walletId, changed }),
      }),
  });

export const freezeWallet = (order: OrderWallet) =>
  freezing(order, {
    verb: 'freeze',
    type: 'FreezeWallet',
    summary: 'Let a wallet reserve nothing more; calls in flight end as usual',
  });

export const unfreezeWallet = (order: OrderWallet) =>
  freezing(order, {
    verb: 'unfreeze',
    type: 'UnfreezeWallet',
    summary: 'Let a frozen wallet reserve again',
  });
