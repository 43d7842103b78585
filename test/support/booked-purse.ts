import { z } from 'zod';
import type { Noun } from '../../src/adapters/eventstore/fold.ts';
import type { Books } from '../../src/domain/books.ts';
import type { RefusedEvent } from '../../src/domain/command-refused.ts';
import { refusedEvent } from '../../src/domain/command-refused.ts';
import type { OnceEvent } from '../../src/domain/once/events.ts';
import { onceEvents } from '../../src/domain/once/events.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { walletEvents } from '../../src/domain/wallet/events.ts';
import type { Move } from './purse.ts';
import { purse } from './purse.ts';

type Moved = Extract<WalletEvent, { type: 'CreditExpired' }>;
type Closed = Extract<OnceEvent, { type: 'CommandClaimed' }>;
type Opened = Extract<OnceEvent, { type: 'CommandDone' }>;
type BookedEvent = Moved | RefusedEvent | Closed | Opened;

export interface BookedPurse {
  readonly left: number;
  readonly next: string | null;
}

const Left = z.int();

/** Some events that there are anyway stand for the end and the start of a stream. */
const books: Books<BookedEvent, BookedPurse> = {
  next: ({ next }) => next,
  due: (_, { at, last, events, mostEvents }) =>
    events > 0 && (events >= mostEvents || at.slice(0, 7) > last.slice(0, 7)),
  close({ left }, { stream }) {
    const [name, number] = stream.split('@');
    const next = `${name}@${Number(number) + 1}`;
    return { type: 'CommandClaimed', data: { bodyHash: `${left}`, stream: next, revision: '0' } };
  },
  open(closed) {
    if (closed.type !== 'CommandClaimed') throw new Error(`${closed.type} closes nothing.`);
    const body = Number(closed.data.bodyHash);
    return { type: 'CommandDone', data: { reply: { status: 200, body } } };
  },
  save: ({ left }) => left,
  restore(saved) {
    const left = Left.safeParse(saved);
    return left.success ? { left: left.data, next: null } : undefined;
  },
};

/** The purse with streams that end: its fence is `CommandClaimed`, its start `CommandDone`. */
export const bookedPurse: Noun<Move, BookedEvent, BookedPurse> = {
  decider: {
    initialState: { left: 0, next: null },
    decide: (move, { left }) => purse.decider.decide(move, left),
    evolve(state, event) {
      switch (event.type) {
        case 'CreditExpired':
        case 'CommandRefused':
          return { ...state, left: purse.decider.evolve(state.left, event) };
        case 'CommandClaimed':
          return { ...state, next: event.data.stream };
        case 'CommandDone':
          return { left: Left.parse(event.data.reply.body), next: null };
      }
    },
  },
  events: { ...walletEvents, ...onceEvents },
  books,
  refused: refusedEvent,
};
