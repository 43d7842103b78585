import { z } from 'zod';
import type { Log } from '../adapters/eventstore/log.ts';
import type { WalletHistory } from '../adapters/eventstore/wallet-history.ts';
import { Asset } from '../domain/accounts.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import type { Decimal } from '../domain/money.ts';
import { Amount, canonical, money, zero } from '../domain/money.ts';
import { walletPeriodOf } from '../domain/streams.ts';
import type { Statement, StatementLine, Totals, Until } from '../domain/wallet/statement.ts';
import { statementInMaking } from '../domain/wallet/statement.ts';
import { balance, balanceLookOf } from '../projections/balance.ts';
import { cursor, cursorTo } from '../projections/page.ts';
import type { Locale } from './locale.ts';
import { explanationText } from './messages.ts';
import { WrittenMoment } from './moment.ts';
import type { Reads } from './reads.ts';
import { pageQuery, readable } from './reads.ts';

const Position = z.string().regex(/^\d{1,19}$/);

/** Where a page ends: the wallet's stream, by its number, and the log position of the last event. */
const StatementCursor = cursor(z.tuple([Position, Position]));

export const StatementQuery = pageQuery(StatementCursor).extend({
  /** Up to this moment; now unless said. */
  at: WrittenMoment.optional(),
  /** Up to this log position, itself included. */
  position: Position.optional(),
  asset: Asset.optional(),
});
export type StatementQuery = z.output<typeof StatementQuery>;

const Line = z.object({
  at: Instant,
  event_id: Uuid,
  type: z.string(),
  explanation: z.string(),
  amount: Amount,
  asset: Asset,
  balance: Amount,
  /** The call that it is about. */
  call_id: Uuid.nullable(),
});
const FullLine = Line.extend({ position: z.string(), reason: z.string().nullable() });

const amounts = z.record(z.string(), Amount);
const facts = {
  wallet_id: Uuid,
  /** By asset: what was there before the first line, and after the last. */
  opening: amounts,
  closing: amounts,
  /** What the read model says of the closing's place; of a past one, the sum of the journal. */
  read_model: amounts,
  /** Closing less read model: nothing, ever. */
  difference: amounts,
  next_cursor: z.string().nullable(),
  /** Of the last event in the closing. */
  as_of_position: z.string().nullable(),
};
export const ShownStatement = z.object({ ...facts, lines: z.array(Line) });
export const FullStatement = z.object({ ...facts, lines: z.array(FullLine) });

export interface StatementParts {
  readonly history: WalletHistory;
  readonly reads: Reads;
  readonly head: Log['head'];
}

/** Events that one page may pass over, so that no page takes for ever. */
const mostEvents = 50_000;

/** One page of a wallet's statement; undefined when its stream does not exist. */
export async function readStatement(
  parts: StatementParts,
  walletId: string,
  query: StatementQuery,
) {
  const { asset, limit, cursor: place } = query;
  const now = isOfNow(query) ? await shownNow(parts, walletId) : undefined;
  const making = statementInMaking(now ?? pastOf(query), {
    after: place && BigInt(place[1]),
    ...{ limit, asset, mostEvents },
  });
  let exists = false;
  for await (const event of parts.history(walletId, place && BigInt(place[0]))) {
    exists = true;
    if (!making.take(event)) break;
  }
  if (!exists) return undefined;
  const made = making.done();
  // In the middle of a history there is no read model but the journal itself.
  return { walletId, made, shown: now && !made.more ? now.totals : made.journal, asset };
}

const isOfNow = ({ at, position }: StatementQuery): boolean =>
  at === undefined && position === undefined;

const pastOf = ({ at, position }: StatementQuery): Until => ({
  at,
  position: position === undefined ? undefined : BigInt(position),
});

interface ShownNow {
  readonly position: bigint;
  readonly totals: Totals;
}

/** What the read model has now, which is compared at the place up to which it has come. */
async function shownNow({ reads, head }: StatementParts, walletId: string): Promise<ShownNow> {
  await readable(reads, [balance], await head());
  const rows = await reads.any(balanceLookOf(walletId));
  const totals = new Map<Asset, Decimal>();
  for (const { asset, posted } of rows) {
    if (asset !== null && posted !== null) totals.set(asset, money(posted));
  }
  return { position: BigInt(rows[0]?.position ?? -1), totals };
}

type Read = NonNullable<Awaited<ReturnType<typeof readStatement>>>;

/** As a member sees it: neither whose the costs were nor who answered. */
export const shownStatement = (read: Read, locale: Locale): z.output<typeof ShownStatement> => ({
  ...factsOf(read),
  lines: read.made.lines.map((line) => shownLine(line, locale)),
});

/** The same for support, with the reasons that were given. */
export const fullStatement = (read: Read, locale: Locale): z.output<typeof FullStatement> => ({
  ...factsOf(read),
  lines: read.made.lines.map((line) => ({
    ...shownLine(line, locale),
    position: line.event.position.toString(),
    reason: line.event.meta.reason ?? null,
  })),
});

function factsOf({ walletId, made, shown, asset }: Read) {
  const { opening, closing, last } = made;
  const assets = asset
    ? [asset]
    : [...new Set([...opening.keys(), ...closing.keys(), ...shown.keys()])];
  const byAsset = (amountOf: (asset: Asset) => Decimal) =>
    Object.fromEntries(assets.map((each) => [each, canonical(amountOf(each))]));
  const of = (totals: Totals) => byAsset((each) => totals.get(each) ?? zero);
  return {
    wallet_id: walletId,
    opening: of(opening),
    closing: of(closing),
    read_model: of(shown),
    difference: byAsset((each) => (closing.get(each) ?? zero).minus(shown.get(each) ?? zero)),
    next_cursor: cursorAfter(walletId, made),
    as_of_position: last?.position.toString() ?? null,
  };
}

function cursorAfter(walletId: string, { last, more }: Statement): string | null {
  if (!last || !more) return null;
  const period = walletPeriodOf(last.stream, walletId) ?? 0n;
  return cursorTo([period.toString(), last.position.toString()]);
}

const shownLine = (
  { event, explanation, asset, amount, balance: after }: StatementLine,
  locale: Locale,
) => ({
  at: event.meta.recordedAt,
  event_id: event.id,
  type: event.type,
  explanation: explanationText(explanation, locale),
  amount: canonical(amount),
  asset,
  balance: canonical(after),
  call_id: callOf(event.data),
});

const callOf = (data: StatementLine['event']['data']): string | null => {
  if ('call' in data) return data.call.callId;
  return 'callId' in data ? data.callId : null;
};
