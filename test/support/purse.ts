import type { ExecuteContext } from '../../src/adapters/eventstore/execute.ts';
import type { Noun } from '../../src/adapters/eventstore/fold.ts';
import type { RefusedEvent } from '../../src/domain/command-refused.ts';
import { refusedEvent } from '../../src/domain/command-refused.ts';
import type { Decider } from '../../src/domain/decider.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { walletEvents } from '../../src/domain/wallet/events.ts';

/** Takes or gives, or just looks; taking more than there is is refused. */
export interface Move {
  readonly amount: number;
  readonly at?: string;
}

type Expired = Extract<WalletEvent, { type: 'CreditExpired' }>;
type PurseEvent = Expired | RefusedEvent;

/** A purse that may not fall below zero, the smallest noun with the wallet's kind of rule. */
const decider: Decider<Move, PurseEvent, number> = {
  initialState: 0,
  decide({ amount }, left) {
    if (amount === 0) return [];
    if (left + amount < 0) throw new Rejection('insufficient_quota', 'There is not so much.');
    return [{ type: 'CreditExpired', data: moved(amount) }];
  },
  evolve: (left, { type, data }) => (type === 'CreditExpired' ? left + Number(data.amount) : left),
};

const moved = (amount: number): Expired['data'] => ({
  walletId: '5f0c2b3a-8d1e-4c7a-9b6f-0a1b2c3d4e5f',
  lotId: '0b9d7c1e-2f3a-4b5c-8d6e-7f8091a2b3c4',
  asset: 'CNY',
  amount: `${amount}`,
  legs: [],
});

export const purse: Noun<Move, PurseEvent, number> = {
  decider,
  events: walletEvents,
  refused: refusedEvent,
};

export const contextOf = (commandId: string): ExecuteContext => ({
  commandId,
  correlationId: 'test',
  actor: { type: 'system', id: 'test' },
  at: '2025-01-01T00:00:00.000Z',
  source: 'test',
});
