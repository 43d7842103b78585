import type { Decider } from '../decider.ts';
import type { WalletCommand } from './commands.ts';
import type { WalletEvent } from './events.ts';
import { grant, open } from './grant.ts';
import { reserve } from './reserve.ts';
import { giveBack, settle } from './resolve.ts';
import type { Wallet } from './wallet.ts';
import { emptyWallet, evolve } from './wallet.ts';

/** Prepaid credit in lots, held before a call and charged after it; MONEY's tables in code. */
export const wallet: Decider<WalletCommand, WalletEvent, Wallet> = {
  initialState: emptyWallet,
  decide(command, state) {
    switch (command.type) {
      case 'OpenWallet':
        return open(command, state);
      case 'GrantCredit':
        return grant(command, state);
      case 'ReserveCredit':
        return reserve(command, state);
      case 'SettleUsage':
        return settle(command, state);
      case 'ReleaseHold':
      case 'ExpireHold':
        return giveBack(command, state);
    }
  },
  evolve,
};
