import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Log } from '../adapters/eventstore/log.ts';
import { streamOf } from '../domain/streams.ts';
import type { wallet as decider } from '../domain/wallet/decider.ts';
import { route } from './route.ts';
import { ShownWallet, shownWallet } from './shown-wallet.ts';

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
    summary: 'What I have, what calls in flight hold of it, what may be spent, and my limits',
    reply: ShownWallet,
    handle: async ({ caller: { walletId } }) => {
      // Asked first: the fold may then be newer than the position says, never older.
      const position = await head();
      const { state } = await load(streamOf.wallet(walletId));
      const at = clock().toISOString();
      return { body: shownWallet({ walletId, wallet: state, at, position }) };
    },
  });
