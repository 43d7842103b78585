import { z } from 'zod';
import type { Log } from '../adapters/eventstore/log.ts';
import { Uuid } from '../domain/ids.ts';
import { WrittenAmount } from '../domain/money.ts';
import { Rejection } from '../domain/rejection.ts';
import { LimitMeasure, LimitWindow } from '../domain/wallet/limit-events.ts';
import { apiKeys, isKeyOfWallet } from '../projections/api-keys.ts';
import type { Reads } from './reads.ts';
import { readable } from './reads.ts';
import { route } from './route.ts';
import { ShownLimit, shownLimits } from './wallet-limits.ts';
import type { OrderWallet, WalletOrderParts } from './wallet-orders.ts';
import { Changed, openedWallet, Reason, walletParams } from './wallet-orders.ts';
import { WrittenUuid } from './written-uuid.ts';

const SetLimit = z.strictObject({
  /** Null: the whole wallet. */
  api_key_id: WrittenUuid.nullable().default(null),
  window: LimitWindow,
  measure: LimitMeasure,
  /** Null lifts it. */
  most: WrittenAmount.nullable(),
  reason: Reason,
});

export interface LimitParts {
  readonly order: OrderWallet;
  readonly reads: Reads;
  readonly head: Log['head'];
}

/** Limits a wallet or one of its keys. */
export const putLimit = (parts: LimitParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/wallets/:id/limits',
    who: 'admin',
    summary: 'Set a limit of a wallet or a key by window and measure; `most: null` lifts it',
    params: walletParams,
    body: SetLimit,
    idempotent: true,
    reply: Changed,
    handle: async ({ params: { id: walletId }, body, ...by }) => {
      const { api_key_id: apiKeyId, window, measure, most, reason } = body;
      if (apiKeyId !== null) await refuseUnknown(apiKeyId, walletId, parts);
      return parts.order(by, {
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

/** A limit of a key that isn't there would limit nothing, and nobody would notice. */
async function refuseUnknown(
  keyId: string,
  walletId: string,
  { reads, head }: Omit<LimitParts, 'order'>,
): Promise<void> {
  const key = isKeyOfWallet(keyId, walletId);
  if (await reads.maybeOneFirst(key)) return;
  await readable(reads, [apiKeys], await head());
  if (await reads.maybeOneFirst(key)) return;
  throw new Rejection('api_key_not_found', 'This wallet has no such key.', {
    why: 'key_not_of_wallet',
  });
}

/** The limits of a wallet and its keys. */
export const listLimits = ({
  wallet,
  head,
  clock,
}: Pick<WalletOrderParts, 'wallet' | 'clock'> & Pick<LimitParts, 'head'>) =>
  route({
    method: 'GET',
    path: '/api/admin/wallets/:id/limits',
    who: 'admin',
    summary: 'The limits of a wallet and its keys, and what counts against them now',
    params: walletParams,
    reply: z.object({
      wallet_id: Uuid,
      data: z.array(ShownLimit),
      as_of_position: z.string().nullable(),
    }),
    handle: async ({ params: { id: walletId } }) => {
      const position = await head();
      const state = await openedWallet(wallet, walletId);
      const data = shownLimits(state, clock().toISOString());
      return { body: { wallet_id: walletId, data, as_of_position: position?.toString() ?? null } };
    },
  });
