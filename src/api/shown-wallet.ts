import { z } from 'zod';
import { Asset, CreditKind, Currency } from '../domain/accounts.ts';
import type { Instant } from '../domain/ids.ts';
import { Instant as InstantSchema, Uuid } from '../domain/ids.ts';
import { Amount, canonical } from '../domain/money.ts';
import { homeCurrency } from '../domain/policies.ts';
import { Past } from '../domain/wallet/lot-events.ts';
import type { Lot } from '../domain/wallet/lots.ts';
import type { Wallet } from '../domain/wallet/wallet.ts';
import { balances, debtOf, lotsIn } from '../domain/wallet/wallet.ts';
import { ShownLimit, shownLimits } from './wallet-limits.ts';

const Balance = z.object({ asset: Asset, posted: Amount, held: Amount, available: Amount });

const ShownLot = z.object({
  lot_id: Uuid,
  asset: Asset,
  kind: CreditKind,
  /** Neither used nor held. */
  free: Amount,
  held: Amount,
  effective_at: InstantSchema,
  expires_at: InstantSchema.nullable(),
  /** Null: all. */
  models: z.array(z.string()).nullable(),
});

/** The same with what only decides in which order lots burn, and how they end. */
const FullLot = ShownLot.extend({
  priority: z.int(),
  past: Past,
  ended: z.enum(['expired', 'revoked']).nullable(),
});

const facts = {
  wallet_id: Uuid,
  currency: Currency,
  balances: z.array(Balance),
  limits: z.array(ShownLimit),
  /** What was used beyond the credit and is not paid yet. */
  owed: Amount,
  /** No new call may be paid. */
  frozen: z.boolean(),
  as_of_position: z.string().nullable(),
};

/** A wallet as its member sees it, its lots in the order in which they burn. */
export const ShownWallet = z.object({ ...facts, lots: z.array(ShownLot) });
/** The same for an administrator. */
export const FullWallet = z.object({
  ...facts,
  member_id: Uuid.nullable(),
  calls_in_flight: z.int(),
  lots: z.array(FullLot),
});

/** Position: of the log, asked for before the fold. */
export interface Seen {
  readonly walletId: string;
  readonly wallet: Wallet;
  readonly at: Instant;
  readonly position: bigint | null;
}

export const shownWallet = (seen: Seen): z.output<typeof ShownWallet> => ({
  ...factsOf(seen),
  lots: lotsIn(seen.wallet).map(shownLot),
});

export const fullWallet = (seen: Seen): z.output<typeof FullWallet> => ({
  ...factsOf(seen),
  member_id: seen.wallet.opened?.owner.id ?? null,
  calls_in_flight: seen.wallet.holds.size,
  lots: lotsIn(seen.wallet).map((lot) => ({
    ...shownLot(lot),
    ...{ priority: lot.priority, past: lot.past, ended: lot.ended },
  })),
});

function factsOf({ walletId, wallet, at, position }: Seen) {
  const found = balances(wallet, at).map(({ asset, posted, held, available }) => ({
    asset,
    posted: canonical(posted),
    held: canonical(held),
    available: canonical(available),
  }));
  const currency = wallet.opened?.currency ?? homeCurrency;
  const nothing = { asset: currency, posted: '0', held: '0', available: '0' };
  return {
    wallet_id: walletId,
    currency,
    balances: found.some(({ asset }) => asset === currency) ? found : [nothing, ...found],
    limits: shownLimits(wallet, at),
    owed: canonical(debtOf(wallet)),
    frozen: wallet.frozen,
    as_of_position: position?.toString() ?? null,
  };
}

const shownLot = (lot: Lot): z.output<typeof ShownLot> => ({
  lot_id: lot.id,
  asset: lot.asset,
  kind: lot.kind,
  free: canonical(lot.free),
  held: canonical(lot.held),
  effective_at: lot.effectiveAt,
  expires_at: lot.expiresAt,
  models: lot.scope && [...lot.scope],
});
