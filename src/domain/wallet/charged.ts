import type { Asset } from '../accounts.ts';
import type { Recorded } from '../events.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { least, money, sum, zero } from '../money.ts';
import type { ChargedPart } from './commands.ts';
import type { WalletEvent } from './events.ts';
import { evolve } from './evolve.ts';
import type { Wallet } from './wallet.ts';
import { emptyWallet } from './wallet.ts';

type Entry = Recorded<WalletEvent>;
type Settlement = Extract<Entry, { type: 'UsageSettled' | 'LateSettlementPosted' }>;

/** What a settlement charged and a correction may give back. */
export interface Charged {
  readonly callId: string;
  readonly memberId: string;
  readonly model: string;
  readonly asset: Asset;
  readonly charged: readonly ChargedPart[];
  /** Its call may still say that less was consumed, as long as the wallet remembers that it was swept. */
  readonly mayChange: boolean;
}

/** What a settlement charged is not what it was when somebody looked: look again. */
export class ChargeChanged extends Error {
  readonly retryable = true;

  constructor(eventId: string) {
    super(`What ${eventId} charged has changed meanwhile.`);
    this.name = 'ChargeChanged';
  }
}

/**
 * Looks for a settlement in a wallet's history, of which it is given one event at a time from the
 * beginning of the settlement's own stream; lots that it took from are all in that stream's fold.
 */
export function chargeFinder(eventId: string) {
  let wallet = emptyWallet;
  let found:
    | { readonly settlement: Settlement; readonly parts: readonly ChargedPart[] }
    | undefined;
  let givenBack = zero;
  let mayChange = false;

  return {
    /** False: nothing that comes later matters. */
    take(event: Entry): boolean {
      if (found) {
        givenBack = givenBackBy(event, found.settlement);
        mayChange =
          !isLate(event, found.settlement) && mayStillPost(found.settlement, event.meta.recordedAt);
        return mayChange;
      }
      if (event.id === eventId) {
        const settlement = settlementIn(event);
        found = settlement && { settlement, parts: partsOf(settlement, wallet) };
        mayChange = settlement?.type === 'UsageSettled' && settlement.data.swept;
        return mayChange;
      }
      wallet = evolve(wallet, event);
      return true;
    },
    /** Undefined when there is no such settlement, or it charged nothing. */
    done(): Charged | undefined {
      if (!found) return undefined;
      const { call, asset } = found.settlement.data;
      const { callId, memberId, model } = call;
      const charged = lessGivenBack(found.parts, givenBack);
      return { callId, memberId, model, asset, charged, mayChange };
    },
  };
}

function settlementIn(event: Entry): Settlement | undefined {
  if (event.type === 'UsageSettled') return isCharge(event.data.charge) ? event : undefined;
  if (event.type !== 'LateSettlementPosted') return undefined;
  return isCharge(event.data.difference) ? event : undefined;
}

const isCharge = (text: string): boolean => money(text).gt(zero);

const partsOf = ({ data }: Settlement, { lots }: Wallet): readonly ChargedPart[] =>
  data.consumed.map(({ lotId, amount }) => {
    const lot = lotId === null ? undefined : lots.get(lotId);
    const { kind = 'paid', priority = 0, expiresAt = null, scope = null } = lot ?? {};
    return { kind, priority, expiresAt, scope, amount: money(amount) };
  });

type Late = Extract<Entry, { type: 'LateSettlementPosted' }>;

const isLate = (event: Entry, { data: { call } }: Settlement): event is Late =>
  event.type === 'LateSettlementPosted' && event.data.call.callId === call.callId;

/** What the call itself gave back of a charge that the sweeper had made for it. */
function givenBackBy(event: Entry, settlement: Settlement): Decimal {
  if (!isLate(event, settlement)) return zero;
  const difference = money(event.data.difference);
  return difference.isNegative() ? difference.negated() : zero;
}

const dayMs = 24 * 60 * 60 * 1000;

const mayStillPost = ({ meta }: Settlement, at: Instant): boolean =>
  Date.parse(at) - Date.parse(meta.recordedAt) <= dayMs;

/** The same parts less what was given back, the last taken first. */
function lessGivenBack(parts: readonly ChargedPart[], back: Decimal): readonly ChargedPart[] {
  let left = sum(parts.map(({ amount }) => amount)).minus(back);
  return parts.flatMap((part) => {
    const amount = least(part.amount, left);
    left = left.minus(amount);
    return amount.isZero() ? [] : [{ ...part, amount }];
  });
}
