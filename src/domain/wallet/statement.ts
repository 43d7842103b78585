import type { Asset } from '../accounts.ts';
import type { Recorded } from '../events.ts';
import type { Instant } from '../ids.ts';
import type { Decimal } from '../money.ts';
import { zero } from '../money.ts';
import type { WalletEvent } from './events.ts';
import { evolve } from './evolve.ts';
import type { Explanation } from './explanation.ts';
import { explain } from './explanation.ts';
import type { Wallet } from './wallet.ts';
import { emptyWallet } from './wallet.ts';

type Entry = Recorded<WalletEvent>;

/** The last moment or place in the log that counts; neither: all there is. */
export interface Until {
  readonly at?: Instant | undefined;
  readonly position?: bigint | undefined;
}

export interface StatementPage {
  /** The place in the log at which the page before ended. */
  readonly after?: bigint | undefined;
  readonly limit?: number | undefined;
  /** Events that are looked at for one page, whether they change anything or not. */
  readonly mostEvents?: number | undefined;
  /** Lines of this one alone. */
  readonly asset?: Asset | undefined;
}

/** Amounts by asset; what is not named is zero. */
export type Totals = ReadonlyMap<Asset, Decimal>;

/** One event's effect on what is posted in one asset. */
export interface StatementLine {
  readonly event: Entry;
  readonly explanation: Explanation;
  readonly asset: Asset;
  readonly amount: Decimal;
  /** What is posted after it. */
  readonly balance: Decimal;
}

export interface Statement {
  readonly opening: Totals;
  readonly lines: readonly StatementLine[];
  readonly closing: Totals;
  /** What is posted at the end by the journal's legs alone: no fold has a part in it. */
  readonly journal: Totals;
  /** The last event that the closing includes. */
  readonly last: Entry | undefined;
  /** There are events after it that count. */
  readonly more: boolean;
}

/** Explains a balance, line by line, by what the system itself makes of the events. */
export function statement(
  history: Iterable<Entry>,
  until: Until = {},
  page: StatementPage = {},
): Statement {
  const making = statementInMaking(until, page);
  for (const event of history) if (!making.take(event)) break;
  return making.done();
}

/** The same, one event at a time, for a history that is too long to be held. */
export function statementInMaking(until: Until, page: StatementPage) {
  const { after, asset } = page;
  const { limit = Number.POSITIVE_INFINITY, mostEvents = Number.POSITIVE_INFINITY } = page;
  const lines: StatementLine[] = [];
  let tally = blank;
  let opening: Totals = blank.posted;
  let last: Entry | undefined;
  let looked = 0;
  let more = false;

  function shown(event: Entry, next: Tally): boolean {
    const added = linesOf(event, tally, next).filter((line) => !asset || line.asset === asset);
    more = looked >= mostEvents || (lines.length > 0 && lines.length + added.length > limit);
    if (more) return false;
    lines.push(...added);
    looked += 1;
    return true;
  }

  return {
    /** The next event; false when the statement is complete without it. */
    take(event: Entry): boolean {
      if (isBeyond(event, until)) return false;
      const next = entered(tally, event);
      if (after !== undefined && event.position <= after) opening = next.posted;
      else if (!shown(event, next)) return false;
      tally = next;
      last = event;
      return true;
    },
    done: (): Statement => ({
      opening,
      lines,
      closing: tally.posted,
      journal: tally.journal,
      last,
      more,
    }),
  };
}

const isBeyond = ({ position, meta }: Entry, until: Until): boolean =>
  (until.position !== undefined && position > until.position) ||
  (until.at !== undefined && meta.recordedAt > until.at);

interface Tally {
  readonly wallet: Wallet;
  readonly posted: Totals;
  readonly journal: Totals;
}

const blank: Tally = { wallet: emptyWallet, posted: new Map(), journal: new Map() };

function entered({ wallet, posted, journal }: Tally, event: Entry): Tally {
  const after = evolve(wallet, event);
  const isSame = after.lots === wallet.lots && after.overdrawn === wallet.overdrawn;
  const now = isSame && wallet.opened ? posted : postedIn(after);
  // A stream that continues others starts from what they had; the legs of those are not in it.
  return { wallet: after, posted: now, journal: wallet.opened ? withLegs(journal, event) : now };
}

/** What is free or held, by asset; what calls have drawn of the overdraft is held, too. */
function postedIn({ opened, lots, overdrawn }: Wallet): Totals {
  const totals = new Map<Asset, Decimal>(opened ? [[opened.currency, overdrawn]] : []);
  for (const { asset, free, held } of lots.values()) {
    totals.set(asset, (totals.get(asset) ?? zero).plus(free).plus(held));
  }
  return totals;
}

/** `credit:` and `hold:` are what is owed to the member, so that their credits raise it. */
function withLegs(journal: Totals, { data }: Entry): Totals {
  const moved = 'legs' in data ? data.legs.filter(({ account }) => isPosted(account)) : [];
  if (moved.length === 0) return journal;
  const totals = new Map(journal);
  for (const { asset, amount } of moved) {
    totals.set(asset, (totals.get(asset) ?? zero).minus(amount));
  }
  return totals;
}

const isPosted = (account: string): boolean =>
  account.startsWith('credit:') || account.startsWith('hold:');

/** Nothing for a stream's first and last event: should they change something, no line hides it. */
function linesOf(event: Entry, before: Tally, after: Tally): readonly StatementLine[] {
  if (before.posted === after.posted) return [];
  if (event.type === 'WalletPeriodOpened' || event.type === 'WalletPeriodClosed') return [];
  const assets = new Set([...before.posted.keys(), ...after.posted.keys()]);
  return [...assets].flatMap((asset) => {
    const balance = after.posted.get(asset) ?? zero;
    const amount = balance.minus(before.posted.get(asset) ?? zero);
    if (amount.isZero()) return [];
    return [{ event, explanation: explain(event, amount), asset, amount, balance }];
  });
}
