import { canonical } from '../../src/domain/money.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import type { Limit } from '../../src/domain/wallet/limit-events.ts';
import { balances } from '../../src/domain/wallet/wallet.ts';
import { fold, given } from './given.ts';
import { history, noon } from './wallets.ts';

/** A wallet in which these commands were run: `after(…)(t).when(…)`. */
export const after = (...commands: readonly WalletCommand[]) => since(history(...commands));

export const since = (events: readonly WalletEvent[]) => given(wallet, ...events);

/** `asset posted held available`, a line an asset. */
export const balanceOf = (events: readonly WalletEvent[], at = noon): readonly string[] =>
  balances(fold(wallet, events), at).map(({ asset, posted, held, available }) =>
    [asset, canonical(posted), canonical(held), canonical(available)].join(' '),
  );

/** An event's legs, `account asset amount`. */
export const legsIn = (event: WalletEvent | undefined): readonly string[] =>
  event && 'legs' in event.data
    ? event.data.legs.map(({ account, asset, amount }) => `${account} ${asset} ${amount}`)
    : [];

/** Sets a limit of the whole wallet unless it says which key's. */
export const limitOf = (
  limit: Omit<Limit, 'apiKeyId'> & { readonly apiKeyId?: string },
  at = noon,
): WalletCommand => ({
  type: 'SetLimit',
  limit: { apiKeyId: null, ...limit },
  reason: 'test',
  at,
});
