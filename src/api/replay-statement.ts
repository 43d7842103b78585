import type { Asset } from '../domain/accounts.ts';
import type { Recorded } from '../domain/events.ts';
import type { Instant } from '../domain/ids.ts';
import { Decimal, zero } from '../domain/money.ts';
import type { WalletEvent } from '../domain/wallet/events.ts';
import type { Posted, StatementLine } from '../domain/wallet/statement.ts';
import { openStatement } from '../domain/wallet/statement.ts';
import { moved } from '../projections/balance.ts';

/** Which lines of a wallet's statement are wanted. */
export interface Wanted {
  /** Up to what was recorded at this moment, and at this position. */
  readonly at: Instant | undefined;
  readonly until: bigint | undefined;
  /** Lines of later events only. */
  readonly after: bigint | undefined;
  /** A page ends with the event that makes it so long. */
  readonly limit: number;
  /** The position of the read model that the statement is compared with; null: before all events. */
  readonly modelAt: bigint | null;
}

export interface Replayed {
  readonly lines: readonly StatementLine[];
  /** Posted before the first line, and after the last. */
  readonly opening: Posted;
  readonly closing: Posted;
  /** Posted at the moment that was asked for. */
  readonly folded: Posted;
  /** What brings the read model to that moment, by the legs in between. */
  readonly shift: Posted;
  readonly more: boolean;
}

/**
 * Replays a wallet to a moment, keeping one page of lines, and on to where the read model stands, so
 * that the two are compared at one position. Null for a wallet without any event.
 */
export async function replayStatement(
  history: AsyncIterable<Recorded<WalletEvent>>,
  wanted: Wanted,
): Promise<Replayed | null> {
  const page = pageOfLines(wanted);
  const statement = openStatement();
  const shift = new Map<Asset, Decimal>();
  let isThere = false;
  for await (const event of history) {
    isThere = true;
    const { isAsked, isInModel } = placeOf(event, wanted);
    if (!(isAsked || isInModel)) break;
    if (isAsked) page.take(statement.take(event));
    if (isAsked !== isInModel) shiftBy(shift, event, isAsked ? 1 : -1);
  }
  return isThere ? { ...page.result(), folded: statement.posted(), shift } : null;
}

/** Whether an event belongs to the moment that was asked for, and whether the read model has it. */
function placeOf({ position, meta }: Recorded<WalletEvent>, { at, until, modelAt }: Wanted) {
  const isByThen = at === undefined || meta.recordedAt <= at;
  return {
    isAsked: isByThen && (until === undefined || position <= until),
    isInModel: modelAt !== null && position <= modelAt,
  };
}

function shiftBy(shift: Map<Asset, Decimal>, event: Recorded<WalletEvent>, sign: 1 | -1): void {
  for (const { asset, posted } of moved(event)) {
    shift.set(asset, (shift.get(asset) ?? zero).plus(new Decimal(posted ?? 0).times(sign)));
  }
}

function pageOfLines({ after, limit }: Wanted) {
  const lines: StatementLine[] = [];
  const opening = new Map<Asset, Decimal>();
  const closing = new Map<Asset, Decimal>();
  let more = false;

  const note = (balances: Map<Asset, Decimal>, some: readonly StatementLine[]) => {
    for (const { asset, balance } of some) balances.set(asset, balance);
  };
  const isBefore = ([first]: readonly StatementLine[]): boolean =>
    after !== undefined && first !== undefined && first.position <= after;

  return {
    /** The lines of one event. */
    take(some: readonly StatementLine[]) {
      if (some.length === 0) return;
      more = lines.length >= limit;
      if (more) return;
      if (isBefore(some)) note(opening, some);
      else lines.push(...some);
      note(closing, some);
    },
    result: () => ({ lines, opening, closing, more }),
  };
}
