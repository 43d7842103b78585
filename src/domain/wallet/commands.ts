import type { Asset, CreditKind } from '../accounts.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import type { Usage } from '../price-list/usage.ts';
import type {
  Basis,
  BookedCost,
  CallFacts,
  CallOutcome,
  Cost,
  PriceUsed,
  Treatment,
} from './call-events.ts';
import type { Limit } from './limit-events.ts';
import type { Past } from './lot-events.ts';
import type { Rate } from './rates.ts';

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
  /** Null: at once. */
  readonly effectiveAt: Instant | null;
  readonly expiresAt: Instant | null;
  readonly scope: readonly string[] | null;
  /** Of an allowance of units: what a call may do that it doesn't cover. */
  readonly past: Past;
  readonly reason: string;
  readonly at: Instant;
}

/** Takes a lot's unused part back; what calls hold of it follows when it returns. */
export interface RevokeCredit {
  readonly type: 'RevokeCredit';
  readonly lotId: string;
  readonly reason: string;
  readonly at: Instant;
}

/** Writes down the end of every lot whose time is over. */
export interface ExpireLots {
  readonly type: 'ExpireLots';
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

/** What an upstream may charge us for a call. */
export interface MayCost extends Quote {
  readonly upstream: string;
}

export interface ReserveCredit {
  readonly type: 'ReserveCredit';
  readonly call: CallFacts;
  readonly processId: string;
  /** In the order they are tried: allowances first, money last. */
  readonly quotes: readonly Quote[];
  /** The bound in tokens, for limits of tokens. */
  readonly tokens: Omit<Quote, 'asset'>;
  /** Output tokens the caller may get, for each of its `n` answers. */
  readonly outputTokens: number;
  readonly price: PriceUsed;
  /** What the upstream that is asked first may charge us; left out: nobody said what it costs. */
  readonly mayCost?: MayCost | undefined;
  /** Limits of the call's alias and of its member's plan, beside those of the wallet and its keys. */
  readonly rates?: readonly Rate[];
  readonly at: Instant;
}

/** A call that is to be reserved once its bounds are known: here they are too small, none too large. */
export interface CheckCredit extends Omit<ReserveCredit, 'type'> {
  readonly type: 'CheckCredit';
}

/** How a call ended, whatever it cost. */
export interface Ending {
  readonly outcome: CallOutcome;
  readonly upstream: string | null;
  readonly upstreamModel: string | null;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
}

/** What a call consumed. */
export interface Consumption {
  readonly usage: Usage;
  /** Code points of input and answer; null where nobody counted them. */
  readonly characters: number | null;
}

export interface SettleUsage extends Consumption {
  readonly type: 'SettleUsage';
  readonly callId: string;
  readonly basis: Basis;
  readonly ending: Ending;
  readonly costs: readonly BookedCost[];
  readonly overrun: Treatment;
  readonly at: Instant;
}

export interface ReleaseHold {
  readonly type: 'ReleaseHold';
  readonly callId: string;
  readonly ending: Ending;
  readonly costs: readonly BookedCost[];
  readonly at: Instant;
}

/** Ends a hold whose process is gone, by what the journal has of its call. */
export interface ResolveAbandoned {
  readonly type: 'ResolveAbandoned';
  readonly callId: string;
  readonly evidence: (Consumption & { readonly basis: 'usage' | 'checkpoint' }) | null;
  readonly ending: Ending;
  readonly costs: readonly BookedCost[];
  /** Without evidence: what upstreams may charge us; null: the journal has nothing, ask the hold. */
  readonly possibleCosts: readonly Cost[] | null;
  readonly overrun: Treatment;
  readonly at: Instant;
}

/** A call that outlived its hold charges the difference to what the sweeper charged. */
export interface PostLateSettlement extends Consumption {
  readonly type: 'PostLateSettlement';
  readonly callId: string;
  readonly ending: Ending;
  /** All of them, with what was booked or put into `suspense` when the hold was swept. */
  readonly costs: readonly BookedCost[];
  readonly overrun: Treatment;
  readonly at: Instant;
}

/** What a settlement took from one lot, with the terms that a correction's lot takes over. */
export interface ChargedPart {
  readonly kind: CreditKind;
  readonly priority: number;
  readonly expiresAt: Instant | null;
  readonly scope: readonly string[] | null;
  readonly amount: Decimal;
}

/** Gives part of a charge back. Whoever sends it sees to it that a settlement is corrected once. */
export interface CorrectUsage {
  readonly type: 'CorrectUsage';
  /** The settlement, as the log has it. */
  readonly eventId: string;
  /** Whose call it was, and of which model. */
  readonly callId: string;
  readonly memberId: string;
  readonly model: string;
  readonly asset: Asset;
  readonly charged: readonly ChargedPart[];
  /** That is so only while the wallet remembers that the call was swept. */
  readonly mayChange?: boolean;
  readonly amount: Decimal;
  readonly reason: string;
  readonly approver: string;
  readonly at: Instant;
}

/** Pays what is owed from paid credit that is not held. */
export interface PayDebt {
  readonly type: 'PayDebt';
  readonly at: Instant;
}

export interface SetLimit {
  readonly type: 'SetLimit';
  readonly limit: Limit;
  readonly reason: string;
  readonly at: Instant;
}

export interface FreezeWallet {
  readonly type: 'FreezeWallet' | 'UnfreezeWallet';
  readonly reason: string;
  readonly at: Instant;
}

/** Writes down how many calls were refused within a minute. */
export interface CountDenials {
  readonly type: 'CountDenials';
  readonly minute: Instant;
  readonly denials: readonly { readonly code: string; readonly count: number }[];
  readonly at: Instant;
}

export type WalletCommand =
  | OpenWallet
  | GrantCredit
  | RevokeCredit
  | ExpireLots
  | CheckCredit
  | ReserveCredit
  | SettleUsage
  | ReleaseHold
  | ResolveAbandoned
  | PostLateSettlement
  | CorrectUsage
  | PayDebt
  | SetLimit
  | FreezeWallet
  | CountDenials;
