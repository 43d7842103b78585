import { z } from 'zod';
import type { WalletHistory } from '../adapters/eventstore/wallet-history.ts';
import { Asset } from '../domain/accounts.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import { canonical, Decimal, zero } from '../domain/money.ts';
import { Rejection } from '../domain/rejection.ts';
import type { Posted, StatementLine } from '../domain/wallet/statement.ts';
import { placedBalanceOf } from '../projections/balance.ts';
import { cursor, cursorTo } from '../projections/page.ts';
import { Total } from '../projections/total.ts';
import type { Locale } from './locale.ts';
import { textOf } from './messages.ts';
import type { Reads } from './reads.ts';
import { pageQuery } from './reads.ts';
import { replayStatement } from './replay-statement.ts';
import { route } from './route.ts';
import { walletParams } from './wallet-orders.ts';

export interface StatementParts {
  readonly history: WalletHistory;
  readonly reads: Reads;
}

const Position = z.string().regex(/^\d{1,19}$/);
/** The event that a page ends with. */
const LineCursor = cursor(z.tuple([Position]));

const Asked = pageQuery(LineCursor).extend({
  /** Up to what was recorded at this moment, or at this position of the log; all unless said. */
  at: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text).toISOString())
    .optional(),
  position: Position.optional(),
});
type Asked = z.output<typeof Asked>;

const Line = z.object({
  at: Instant,
  event_id: Uuid,
  position: Position,
  type: z.string(),
  explanation: z.string(),
  asset: Asset,
  amount: Total,
  balance: Total,
});

const Amounts = z.record(z.string(), Total);

const Reply = z.object({
  wallet_id: Uuid,
  opening: Amounts,
  lines: z.array(Line),
  closing: Amounts,
  /** What the read model says of the same moment, and what is between it and the fold: nothing. */
  read_model: Amounts,
  difference: Amounts,
  next_cursor: z.string().nullable(),
});

export const myStatement = (parts: StatementParts) =>
  route({
    method: 'GET',
    path: '/api/wallet/statement',
    who: 'session',
    summary: 'My balance, explained line by line, as of any moment',
    query: Asked,
    reply: Reply,
    handle: async ({ caller: { walletId }, query, request }) => ({
      body: await statementOf(parts, walletId, { ...query, locale: request.locale }),
    }),
  });

export const walletStatement = (parts: StatementParts) =>
  route({
    method: 'GET',
    path: '/api/admin/wallets/:id/statement',
    who: 'admin',
    summary: 'A member’s balance, explained line by line, as of any moment',
    params: walletParams,
    query: Asked,
    reply: Reply,
    handle: async ({ params: { id }, query, request }) => {
      request.describe({ replayed_wallet: id });
      return { body: await statementOf(parts, id, { ...query, locale: request.locale }) };
    },
  });

async function statementOf(
  { history, reads }: StatementParts,
  walletId: string,
  { at, position, cursor: after, limit, locale }: Asked & { readonly locale: Locale },
) {
  const rows = await reads.any(placedBalanceOf(walletId));
  const replayed = await replayStatement(history(walletId), {
    at,
    until: toPosition(position),
    after: toPosition(after?.[0]),
    limit,
    modelAt: toPosition(rows[0]?.position) ?? null,
  });
  if (!replayed) throw new Rejection('wallet_not_found', 'There is no such wallet.');
  const { lines, opening, closing, folded, shift, more } = replayed;
  const model = new Map(rows.map(({ asset, posted }) => [asset, new Decimal(posted)]));
  for (const [asset, amount] of shift) model.set(asset, (model.get(asset) ?? zero).plus(amount));
  const last = lines.at(-1);
  return {
    wallet_id: walletId,
    opening: written(opening),
    lines: lines.map((line) => lineOf(line, locale)),
    closing: written(closing),
    read_model: written(model),
    difference: written(differenceOf(folded, model)),
    next_cursor: more && last ? cursorTo([`${last.position}`]) : null,
  };
}

const toPosition = (text: string | null | undefined): bigint | undefined =>
  text === undefined || text === null ? undefined : BigInt(text);

function differenceOf(closing: Posted, model: Posted): Posted {
  const assets = new Set([...closing.keys(), ...model.keys()]);
  return new Map(
    [...assets].map((asset) => [
      asset,
      (closing.get(asset) ?? zero).minus(model.get(asset) ?? zero),
    ]),
  );
}

const written = (amounts: Posted) =>
  Object.fromEntries([...amounts].map(([asset, amount]) => [asset, canonical(amount)]));

const lineOf = (line: StatementLine, locale: Locale): z.infer<typeof Line> => ({
  at: line.at,
  event_id: line.eventId,
  position: `${line.position}`,
  type: line.explanation.type,
  explanation: textOf(`line${line.explanation.type}`, locale, line.explanation.values),
  asset: line.asset,
  amount: canonical(line.amount),
  balance: canonical(line.balance),
});
