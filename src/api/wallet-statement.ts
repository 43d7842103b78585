import { z } from 'zod';
import { Rejection } from '../domain/rejection.ts';
import { route } from './route.ts';
import type { StatementParts } from './statement.ts';
import {
  FullStatement,
  fullStatement,
  readStatement,
  ShownStatement,
  StatementQuery,
  shownStatement,
} from './statement.ts';
import { WrittenUuid } from './written-uuid.ts';

const summary = 'explained line by line, the oldest first, up to now or any earlier moment';

/** How a member's balance came to be what it is. */
export const walletStatement = (parts: StatementParts) =>
  route({
    method: 'GET',
    path: '/api/wallet/statement',
    who: 'session',
    summary: `My balance, ${summary}`,
    query: StatementQuery,
    reply: ShownStatement,
    handle: async ({ caller: { walletId }, query, request: { locale } }) => ({
      body: shownStatement(await found(parts, walletId, query), locale),
    }),
  });

/** The same for support; that somebody looked stands in the request's log line. */
export const adminWalletStatement = (parts: StatementParts) =>
  route({
    method: 'GET',
    path: '/api/admin/wallets/:id/statement',
    who: 'admin',
    summary: `A member’s balance, ${summary}`,
    params: z.object({ id: WrittenUuid }),
    query: StatementQuery,
    reply: FullStatement,
    handle: async ({ params: { id: walletId }, query, request }) => {
      request.describe({ wallet: walletId });
      return { body: fullStatement(await found(parts, walletId, query), request.locale) };
    },
  });

async function found(parts: StatementParts, walletId: string, query: StatementQuery) {
  const read = await readStatement(parts, walletId, query);
  if (read) return read;
  throw new Rejection('wallet_not_found', 'There is no such wallet.');
}
