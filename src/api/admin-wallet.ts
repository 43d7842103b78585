import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Log } from '../adapters/eventstore/log.ts';
import { Asset, CreditKind } from '../domain/accounts.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import { Amount, canonical } from '../domain/money.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import type { wallet as decider } from '../domain/wallet/decider.ts';
import { LimitMeasure, LimitWindow } from '../domain/wallet/limit-events.ts';
import { usedIn, windowOf } from '../domain/wallet/limits.ts';
import { Past } from '../domain/wallet/lot-events.ts';
import type { Wallet } from '../domain/wallet/wallet.ts';
import { lotsIn } from '../domain/wallet/wallet.ts';
import { route } from './route.ts';
import { Balance, balancesOf } from './wallet.ts';
import { walletParams } from './wallet-orders.ts';

const Lot = z.object({
  lot_id: Uuid,
  asset: Asset,
  kind: CreditKind,
  priority: z.int(),
  effective_at: Instant,
  expires_at: Instant.nullable(),
  models: z.array(z.string()).nullable(),
  past: Past,
  ended: z.enum(['expired', 'revoked']).nullable(),
  free: Amount,
  held: Amount,
});

const SetLimit = z.object({
  api_key_id: Uuid.nullable(),
  window: LimitWindow,
  measure: LimitMeasure,
  most: Amount,
  /** Within the window that is now; of `calls` and `overdraft`, what is so now. */
  used: Amount,
});

/** A wallet as its fold has it, for whoever helps its owner. */
export const adminWallet = ({
  load,
  head,
  clock,
}: {
  readonly load: RunnerOf<typeof decider>['load'];
  readonly head: Log['head'];
  readonly clock: () => Date;
}) =>
  route({
    method: 'GET',
    path: '/api/admin/wallets/:id',
    who: 'admin',
    summary: 'A wallet’s balances, lots, limits with what is used of them, and debts',
    params: walletParams,
    reply: z.object({
      wallet_id: Uuid,
      member_id: Uuid,
      currency: z.string(),
      frozen: z.boolean(),
      owed: Amount,
      balances: z.array(Balance),
      lots: z.array(Lot),
      limits: z.array(SetLimit),
      calls_in_flight: z.int(),
      as_of_position: z.string().nullable(),
    }),
    handle: async ({ params: { id } }) => {
      const position = await head();
      const { state } = await load(streamOf.wallet(id));
      if (!state.opened) throw new Rejection('wallet_not_found', 'There is no such wallet.');
      const at = clock().toISOString();
      return {
        body: {
          wallet_id: id,
          member_id: state.opened.owner.id,
          currency: state.opened.currency,
          frozen: state.frozen,
          owed: canonical(state.owed),
          balances: balancesOf(state, at),
          lots: lotsOf(state),
          limits: limitsOf(state, at),
          calls_in_flight: state.holds.size,
          as_of_position: position?.toString() ?? null,
        },
      };
    },
  });

const lotsOf = (wallet: Wallet): z.infer<typeof Lot>[] =>
  lotsIn(wallet).map((lot) => ({
    lot_id: lot.id,
    asset: lot.asset,
    kind: lot.kind,
    priority: lot.priority,
    effective_at: lot.effectiveAt,
    expires_at: lot.expiresAt,
    models: lot.scope && [...lot.scope],
    past: lot.past,
    ended: lot.ended,
    free: canonical(lot.free),
    held: canonical(lot.held),
  }));

/** The wallet's own first, then each key's. */
function limitsOf(wallet: Wallet, at: Instant): z.infer<typeof SetLimit>[] {
  const limits = [...wallet.limits].flatMap(([key, { apiKeyId, window, measure, most }]) =>
    most === null
      ? []
      : [{ api_key_id: apiKeyId, window, measure, most, used: usedOf(wallet, key, at) }],
  );
  return limits.sort((a, b) => (a.api_key_id ?? '').localeCompare(b.api_key_id ?? ''));
}

function usedOf(wallet: Wallet, key: string, at: Instant): Amount {
  const limit = wallet.limits.get(key);
  if (!limit) return '0';
  const { apiKeyId, measure, window } = limit;
  if (measure === 'overdraft') return canonical(wallet.owed);
  if (measure === 'calls') {
    return `${apiKeyId === null ? wallet.holds.size : (wallet.openByKey.get(apiKeyId) ?? 0)}`;
  }
  return canonical(usedIn(wallet.counters.get(key), windowOf(window, at)));
}
