import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Log } from '../adapters/eventstore/log.ts';
import { Asset, Currency } from '../domain/accounts.ts';
import type { Instant } from '../domain/ids.ts';
import { Uuid } from '../domain/ids.ts';
import { Amount, canonical } from '../domain/money.ts';
import { homeCurrency } from '../domain/policies.ts';
import { streamOf } from '../domain/streams.ts';
import type { wallet as decider } from '../domain/wallet/decider.ts';
import type { Wallet } from '../domain/wallet/wallet.ts';
import { balances } from '../domain/wallet/wallet.ts';
import { route } from './route.ts';

export const Balance = z.object({ asset: Asset, posted: Amount, held: Amount, available: Amount });

/** The balances that calls are checked against: the fold itself, never a read model. */
export const wallet = ({
  load,
  head,
  clock,
}: {
  readonly load: RunnerOf<typeof decider>['load'];
  readonly head: Log['head'];
  readonly clock: () => Date;
}) =>
  route({
    method: 'GET',
    path: '/api/wallet',
    who: 'session',
    summary: 'What I have, what calls in flight hold of it, what may be spent',
    reply: z.object({
      wallet_id: Uuid,
      currency: Currency,
      balances: z.array(Balance),
      /** What is to be paid before anything else. */
      owed: Amount,
      frozen: z.boolean(),
      as_of_position: z.string().nullable(),
    }),
    handle: async ({ caller: { walletId } }) => {
      // Asked first: the fold may then be newer than the position says, never older.
      const position = await head();
      const { state } = await load(streamOf.wallet(walletId));
      return {
        body: {
          wallet_id: walletId,
          currency: state.opened?.currency ?? homeCurrency,
          balances: balancesOf(state, clock().toISOString()),
          owed: canonical(state.owed),
          frozen: state.frozen,
          as_of_position: position?.toString() ?? null,
        },
      };
    },
  });

/** A line an asset, the currency's always. */
export function balancesOf(state: Wallet, at: Instant): z.infer<typeof Balance>[] {
  const found = balances(state, at).map((each) => ({
    asset: each.asset,
    posted: canonical(each.posted),
    held: canonical(each.held),
    available: canonical(each.available),
  }));
  const currency = state.opened?.currency ?? homeCurrency;
  const nothing = { asset: currency, posted: '0', held: '0', available: '0' };
  return found.some(({ asset }) => asset === currency) ? found : [nothing, ...found];
}
