import type { Logger } from 'pino';
import { z } from 'zod';
import type { SpendingBook } from '../../domain/budget/spending.ts';
import type { Recorded, StoredEvent } from '../../domain/events.ts';
import { money } from '../../domain/money.ts';
import type { BookedCost } from '../../domain/wallet/call-events.ts';
import { partitionOf } from '../../projections/partition.ts';
import type { CostRows } from '../postgres/index-rows.ts';
import type { IndexFollower } from './index-follower.ts';
import { followIndex } from './index-follower.ts';
import type { Log } from './log.ts';

export interface CostIndexParts {
  readonly log: Pick<Log, 'head' | 'subscribe'>;
  readonly logger: Logger;
  readonly rows: () => Promise<CostRows>;
  readonly book: SpendingBook;
  /** A call's end was shown; `isFinal`: nothing more of it can come. */
  readonly ended: (callId: string, isFinal: boolean) => void;
  /** Events of calls that somebody waits for are looked at, whether they cost anything or not. */
  readonly waitsFor: (callId: string) => boolean;
}

/** Books what upstreams charge us, as the log says it, in this process. */
export function costIndex({ book, ended, waitsFor, ...parts }: CostIndexParts): IndexFollower {
  /** Up to where the rows went, by partition: what is in a sum can't be told twice. */
  let rowsTo: CostRows['positions'] = new Map();
  let last = -1n;
  const isKnown = ({ stream, position }: Recorded): boolean => {
    const to = rowsTo.get(partitionOf(stream));
    return position <= last || (to !== undefined && position <= to);
  };
  return followIndex({
    ...parts,
    name: 'the costs',
    prefixes: ['wallet-'],
    wants: (event) => wants(event, waitsFor),
    fill(rows) {
      rowsTo = rows.positions;
      for (const row of rows.booked) {
        const { upstream, model: alias, currency, cost, day } = row;
        const facts = {
          ...(row.scenario && { scenario: row.scenario }),
          ...(row.plan && { plan: row.plan }),
          ...(row.client_app && { clientApp: row.client_app }),
        };
        const counting = { upstream, alias, ...facts };
        book.book({ counting, cost: { currency, amount: money(cost) } }, day);
      }
    },
    apply(event) {
      const end = endIn(event);
      if (!end) return;
      const { callId, model, costs, isFinal } = end;
      if (!isKnown(event)) {
        for (const cost of costs) book.book(spendingOf(cost, model), event.meta.recordedAt);
        last = event.position;
      }
      ended(callId, isFinal);
    },
  });
}

/** Most events of wallets say nothing about costs: they are not even decoded. */
const Ended = z.object({
  call: z.object({ callId: z.string() }),
  costs: z.array(z.unknown()),
});

function wants({ data }: StoredEvent, waitsFor: (callId: string) => boolean): boolean {
  const { success, data: end } = Ended.safeParse(data);
  return success && (end.costs.length > 0 || waitsFor(end.call.callId));
}

function endIn(event: Recorded) {
  switch (event.type) {
    case 'UsageSettled':
      return { ...endOf(event.data), isFinal: !event.data.swept };
    case 'ReservationExpired':
      return { ...endOf(event.data), isFinal: false };
    case 'ReservationReleased':
    case 'LateSettlementPosted':
    case 'LateCostsPosted':
      return { ...endOf(event.data), isFinal: true };
    default:
      return undefined;
  }
}

interface End {
  readonly call: { readonly callId: string; readonly model: string };
  readonly costs: readonly BookedCost[];
}

const endOf = ({ call: { callId, model }, costs }: End) => ({ callId, model, costs });

const spendingOf = ({ upstream, asset, amount, ...facts }: BookedCost, alias: string) => ({
  counting: { ...facts, upstream, alias },
  cost: { currency: asset, amount: money(amount) },
});
