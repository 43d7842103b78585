import type { Log } from '../adapters/eventstore/log.ts';
import { route } from './route.ts';
import { FullWallet, fullWallet } from './shown-wallet.ts';
import type { WalletOrderParts } from './wallet-orders.ts';
import { openedWallet, walletParams } from './wallet-orders.ts';

/** A wallet as its fold has it, for whoever helps its owner. */
export const adminWallet = ({
  wallet,
  head,
  clock,
}: Pick<WalletOrderParts, 'wallet' | 'clock'> & { readonly head: Log['head'] }) =>
  route({
    method: 'GET',
    path: '/api/admin/wallets/:id',
    who: 'admin',
    summary: 'A wallet’s balances, lots, limits with what is used of them, and debts',
    params: walletParams,
    reply: FullWallet,
    handle: async ({ params: { id: walletId }, request }) => {
      request.describe({ wallet: walletId });
      const position = await head();
      const state = await openedWallet(wallet, walletId);
      const at = clock().toISOString();
      return { body: fullWallet({ walletId, wallet: state, at, position }) };
    },
  });
