import type { Asset, CreditKind } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import type { Usage } from '../price-list/usage.ts';
import type { Basis, CallFacts, CallOutcome, PriceUsed } from './events.ts';

/** Who owns a wallet and in what currency: said with every command that may open it. */
export interface Opening {
  readonly walletId: string;
  readonly memberId: string;
  readonly currency: string;
}

export interface OpenWallet extends Opening {
  readonly type: 'OpenWallet';
}

export interface GrantCredit extends Opening {
  readonly type: 'GrantCredit';
  readonly lotId: string;
  readonly asset: Asset;
  readonly amount: Decimal;
  readonly kind: CreditKind;
  readonly priority: number;
  readonly expiresAt: Instant | null;
  readonly scope: readonly string[] | null;
  readonly reason: string;
  readonly at: Instant;
}

/**
 * What a call may cost in one asset: `fixed + perOutput × output tokens`.
 * `fixed` is the input bound's part; `perOutput` has `n` in it.
 */
export interface Quote {
  readonly asset: Asset;
  readonly fixed: Decimal;
  readonly perOutput: Decimal;
}

export interface ReserveCredit {
  readonly type: 'ReserveCredit';
  readonly call: CallFacts;
  readonly processId: string;
  /** In the order they are tried: allowances first, money last. */
  readonly quotes: readonly Quote[];
  /** Output tokens the caller may get, for each of its `n` answers. */
  readonly outputTokens: number;
  readonly price: PriceUsed;
  readonly at: Instant;
}

/** How a call ended, whatever it cost. */
export interface Ending {
  readonly outcome: CallOutcome;
  readonly upstream: string | null;
  readonly upstreamModel: string | null;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
}

export interface SettleUsage {
  readonly type: 'SettleUsage';
  readonly callId: string;
  readonly usage: Usage;
  readonly basis: Basis;
  readonly ending: Ending;
  readonly at: Instant;
}

export interface ReleaseHold {
  readonly type: 'ReleaseHold';
  readonly callId: string;
  readonly ending: Ending;
  readonly at: Instant;
}

/** Ends a hold whose process is gone and of whose call nothing is known. */
export interface ExpireHold {
  readonly type: 'ExpireHold';
  readonly callId: string;
  readonly ending: Ending;
  readonly at: Instant;
}

export type WalletCommand =
  | OpenWallet
  | GrantCredit
  | ReserveCredit
  | SettleUsage
  | ReleaseHold
  | ExpireHold;
