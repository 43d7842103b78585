import type { Asset } from '../accounts.ts';
import type { Recorded } from '../events.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { zero } from '../money.ts';
import type { WalletEvent } from './events.ts';
import { evolve } from './evolve.ts';
import type { Wallet } from './wallet.ts';
import { balances, emptyWallet } from './wallet.ts';

/** What a line says, for the message catalogue: the event's type and what fills its text. */
export interface Explanation {
  readonly type: WalletEvent['type'];
  readonly values: Readonly<Record<string, string | number>>;
}

/** One change of what is posted in one asset, with what was posted after it. */
export interface StatementLine {
  readonly at: Instant;
  readonly eventId: string;
  readonly position: bigint;
  readonly explanation: Explanation;
  readonly asset: Asset;
  readonly amount: Decimal;
  readonly balance: Decimal;
}

export type Posted = ReadonlyMap<Asset, Decimal>;

/** Takes a wallet's events one by one, through all its streams, and explains what each changed. */
export interface Statement {
  take(event: Recorded<WalletEvent>): readonly StatementLine[];
  posted(): Posted;
}

/** By the fold that decides, so that it can't disagree with the system. */
export function openStatement(): Statement {
  let wallet: Wallet = emptyWallet;
  let posted: Posted = new Map();
  return {
    posted: () => posted,
    take(event) {
      wallet = evolve(wallet, event);
      if (!movesCredit(event)) return [];
      const before = posted;
      posted = postedIn(wallet, before);
      return [...posted].flatMap(([asset, balance]): readonly StatementLine[] => {
        const amount = balance.minus(before.get(asset) ?? zero);
        if (amount.isZero()) return [];
        const { id: eventId, position, meta } = event;
        const explanation = explained(event);
        return [{ at: meta.recordedAt, eventId, position, explanation, asset, amount, balance }];
      });
    },
  };
}

/** A whole history at once, up to a position or to all of it. */
export function statement(
  history: Iterable<Recorded<WalletEvent>>,
  until: bigint | null = null,
): { readonly lines: readonly StatementLine[]; readonly closing: Posted } {
  const open = openStatement();
  const lines: StatementLine[] = [];
  for (const event of history) {
    if (until !== null && event.position > until) break;
    lines.push(...open.take(event));
  }
  return { lines, closing: open.posted() };
}

/** These change nothing that is posted; all others are looked at, a new stream's first event too. */
const movesCredit = ({ type }: WalletEvent): boolean =>
  type !== 'WalletPeriodClosed' && type !== 'DenialsCounted' && type !== 'LimitSet';

/** What was posted once stays in the list when nothing is left of it. */
function postedIn(wallet: Wallet, before: Posted): Posted {
  const now = new Map<Asset, Decimal>([...before].map(([asset]) => [asset, zero]));
  const forEver: Instant = '9999-12-31T23:59:59.999Z';
  for (const { asset, posted } of balances(wallet, forEver)) now.set(asset, posted);
  return now;
}

function explained(event: WalletEvent): Explanation {
  switch (event.type) {
    case 'CreditGranted': {
      const { kind, reason } = event.data;
      return { type: event.type, values: { kind, reason } };
    }
    case 'CreditReserved':
    case 'ReservationReleased':
    case 'ReservationExpired': {
      const { model, requestId } = event.data.call;
      return { type: event.type, values: { model, request: requestId } };
    }
    case 'UsageSettled':
    case 'LateSettlementPosted': {
      const { call, usage } = event.data;
      const input = usage.input + usage.cachedInput;
      const output = usage.output + usage.reasoning;
      const values = { model: call.model, request: call.requestId, input, output };
      return { type: event.type, values };
    }
    case 'CreditRevoked':
    case 'UsageCorrected':
    case 'WalletFrozen':
    case 'WalletUnfrozen':
      return { type: event.type, values: { reason: event.data.reason } };
    case 'CreditExpired':
    case 'DebtPaid':
    case 'OverageAccrued':
    case 'LimitSet':
    case 'DenialsCounted':
    case 'WalletPeriodOpened':
    case 'WalletPeriodClosed':
      return { type: event.type, values: {} };
  }
}
