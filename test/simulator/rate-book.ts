import type { Recorded } from '../../src/domain/events.ts';
import type { Decimal } from '../../src/domain/money.ts';
import { Decimal as Whole, zero } from '../../src/domain/money.ts';
import type { Counted } from '../../src/domain/wallet/call-events.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';
import { mustHold } from './violation.ts';

/** The alias of the simulated calls that has limits, so wide that they refuse none. */
export const ratedAlias = 'other';

type Happened = Recorded<WalletEvent>;
type Reserved = Extract<Happened, { type: 'CreditReserved' }>;

/** What counts against that alias's limits, minute by minute, from nothing but the events. */
export function rateBook() {
  const calls = new Map<string, number>();
  const sums = new Map<string, Decimal>();

  const reserved = ({ data }: Reserved, { counters }: Wallet, at: string) => {
    if (data.call.model !== ratedAlias) return;
    const minute = data.at.slice(0, 16);
    const now = (calls.get(minute) ?? 0) + 1;
    calls.set(minute, now);
    const counter = counters.get(`alias:${ratedAlias}/minute/requests`);
    const isRight = counter?.window === minute && counter.used.eq(now);
    mustHold(isRight, 'limits', () => `${counter?.used} of ${now} calls are counted ${at}`);
  };
  const counted = ({ limit, window, amount }: Counted, { counters }: Wallet, at: string) => {
    const key = `${limit} ${window}`;
    const sum = (sums.get(key) ?? zero).plus(amount);
    sums.set(key, sum);
    const counter = counters.get(limit);
    const isRight = counter?.window !== window || counter.used.eq(Whole.max(sum, 0));
    mustHold(isRight, 'limits', () => `${counter?.used} of ${sum} are counted of ${key} ${at}`);
  };

  return {
    post(event: Happened, state: Wallet, at: string): void {
      if (event.type === 'CreditReserved') reserved(event, state, at);
      const all = 'counted' in event.data ? event.data.counted : [];
      const ofAlias = all.filter(({ limit }) => limit.startsWith('alias:'));
      for (const each of ofAlias) counted(each, state, at);
    },
  };
}
