import type { Decider } from '../decider.ts';
import type { WalletCommand } from './commands.ts';
import { correct } from './correct.ts';
import { payDebt } from './debt.ts';
import type { WalletEvent } from './events.ts';
import { evolve } from './evolve.ts';
import { expireLots, revoke } from './expire.ts';
import { grant, open } from './grant.ts';
import { postLate } from './late.ts';
import { checkCredit, reserve } from './reserve.ts';
import { release, resolveAbandoned, settle } from './resolve.ts';
import { countDenials, freeze, setLimit } from './settings.ts';
import type { Wallet } from './wallet.ts';
import { emptyWallet } from './wallet.ts';

/** Prepaid credit in lots, held before a call and charged after it: the tables of `ops/charging.md` in code. */
export const wallet: Decider<WalletCommand, WalletEvent, Wallet> = {
  initialState: emptyWallet,
  decide(command, state) {
    switch (command.type) {
      case 'OpenWallet':
        return open(command, state);
      case 'GrantCredit':
        return grant(command, state);
      case 'RevokeCredit':
        return revoke(command, state);
      case 'ExpireLots':
        return expireLots(command, state);
      case 'CheckCredit':
        return checkCredit(command, state);
      case 'ReserveCredit':
        return reserve(command, state);
      case 'SettleUsage':
        return settle(command, state);
      case 'ReleaseHold':
        return release(command, state);
      case 'ResolveAbandoned':
        return resolveAbandoned(command, state);
      case 'PostLateSettlement':
        return postLate(command, state);
      case 'CorrectUsage':
        return correct(command, state);
      case 'PayDebt':
        return payDebt(state, command.at);
      case 'SetLimit':
        return setLimit(command, state);
      case 'FreezeWallet':
      case 'UnfreezeWallet':
        return freeze(command, state);
      case 'CountDenials':
        return countDenials(command, state);
    }
  },
  evolve,
};
