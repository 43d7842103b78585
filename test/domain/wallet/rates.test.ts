import test from 'ava';
import fc from 'fast-check';
import { canonical } from '../../../src/domain/money.ts';
import { fromBook, toBook } from '../../../src/domain/wallet/book.ts';
import { walletBooks } from '../../../src/domain/wallet/books.ts';
import type { ReserveCredit, WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import { LimitReached, rateRoom } from '../../../src/domain/wallet/limits.ts';
import type { Rate } from '../../../src/domain/wallet/rates.ts';
import { ratesOf } from '../../../src/domain/wallet/rates.ts';
import type { Wallet } from '../../../src/domain/wallet/wallet.ts';
import { fold } from '../../support/given.ts';
import { after, limitOf, since } from '../../support/wallet-story.ts';
import { grantOf, history, noon, releaseOf, reserveOf, settleOf } from '../../support/wallets.ts';

const rich = grantOf('100');
const second = '2026-01-01T12:00:42.000Z';
const minuteLater = '2026-01-01T12:01:00.000Z';
const none = { requestsPerMinute: null, tokensPerMinute: null, concurrent: null };
const requests = (most: number, scope: Rate['scope'] = 'alias:demo') =>
  ratesOf(scope, { ...none, requestsPerMinute: most });
const tokens = (most: number) => ratesOf('alias:demo', { ...none, tokensPerMinute: most });
const concurrent = (most: number, scope: Rate['scope'] = 'alias:demo') =>
  ratesOf(scope, { ...none, concurrent: most });

/** A call of another alias. */
const other = (call: string, more: Parameters<typeof reserveOf>[1] = {}): ReserveCredit => {
  const command = reserveOf(call, more);
  return { ...command, call: { ...command.call, model: 'vendor/other' } };
};

test('a limit that comes with a call counts the calls that carry it', (t) => {
  const rates = requests(1);
  const used = history(rich, reserveOf('a', { rates }));
  since(used)(t).when(reserveOf('b', { rates })).isRefused('rate_limit_exceeded');
  since(used)(t).when(reserveOf('b')).yieldsTypes('CreditReserved');
  since(used)(t)
    .when(reserveOf('b', { rates: requests(2) }))
    .yieldsTypes('CreditReserved');
  since(used)(t)
    .when(reserveOf('b', { rates, at: minuteLater }))
    .yieldsTypes('CreditReserved');
});

test('each alias and each plan is counted for itself', (t) => {
  const used = history(rich, reserveOf('a', { rates: requests(1) }));
  since(used)(t)
    .when(other('b', { rates: requests(1, 'alias:vendor/other') }))
    .yieldsTypes('CreditReserved');
  const plan = requests(1, 'plan:pro');
  const planned = history(rich, reserveOf('a', { rates: plan }));
  since(planned)(t)
    .when(other('b', { rates: plan }))
    .isRefused('rate_limit_exceeded');
});

test('what an event says of a rate is what its end corrects, also under a name with slashes', (t) => {
  const rates = ratesOf('alias:vendor/other', { ...none, tokensPerMinute: 250 });
  const open = history(rich, other('a', { rates }));
  const [, reserved] = open.filter(({ type }) => type !== 'WalletPeriodOpened');
  t.like(reserved?.data, {
    counted: [
      { limit: 'alias:vendor/other/minute/tokens', window: noon.slice(0, 16), amount: '200' },
    ],
  });
  since(open)(t).when(other('b', { rates })).isRefused('rate_limit_exceeded');
  const done = history(rich, other('a', { rates }), settleOf('a', { input: 10, output: 40 }));
  since(done)(t).when(other('b', { rates })).yieldsTypes('CreditReserved');
  const failed = history(rich, other('a', { rates }), releaseOf('a'));
  since(failed)(t)
    .when(other('b', { rates, input: 150 }))
    .yieldsTypes('CreditReserved');
});

test('calls in flight count by their alias, and all of them under a plan', (t) => {
  const used = history(rich, reserveOf('a'), other('b'));
  since(used)(t)
    .when(reserveOf('c', { rates: concurrent(1) }))
    .isRefused('rate_limit_exceeded');
  since(used)(t)
    .when(reserveOf('c', { rates: concurrent(2) }))
    .yieldsTypes('CreditReserved');
  since(used)(t)
    .when(reserveOf('c', { rates: concurrent(2, 'plan:pro') }))
    .isRefused('rate_limit_exceeded');
  after(
    rich,
    reserveOf('a'),
    releaseOf('a'),
  )(t)
    .when(reserveOf('c', { rates: concurrent(1) }))
    .yieldsTypes('CreditReserved');
});

test('an alias whose name begins another one’s is not that one', (t) => {
  const longer = reserveOf('a');
  after(rich, { ...longer, call: { ...longer.call, model: 'demo-large' } })(t)
    .when(reserveOf('b', { rates: concurrent(1) }))
    .yieldsTypes('CreditReserved');
});

test('a call that no minute can hold is refused for good', (t) => {
  after(rich)(t)
    .when(reserveOf('a', { rates: tokens(199) }))
    .isRefused('budget_exhausted');
});

const roomOf = (state: Wallet, rates: readonly Rate[], at = noon) => {
  const { requests: ofRequests, tokens: ofTokens } = rateRoom(state, {
    ...{ apiKeyId: reserveOf('x').call.apiKeyId, rates, at },
  });
  return [ofRequests, ofTokens].map(
    (left) =>
      left && [canonical(left.most), canonical(left.remaining), left.resetSeconds].join(' '),
  );
};

test('the tightest limit of each measure says what is left, and when it is whole again', (t) => {
  const rates = [...requests(9), ...requests(3, 'plan:pro'), ...tokens(1_000)];
  const limits = [
    limitOf({ window: 'minute', measure: 'requests', most: '5' }),
    limitOf({ window: 'day', measure: 'requests', most: '1' }),
  ];
  const state = fold(wallet, history(rich, ...limits, reserveOf('a', { rates })));
  t.deepEqual(roomOf(state, rates, second), ['3 2 18', '1000 800 18']);
  t.deepEqual(roomOf(state, []), ['5 4 60', undefined]);
  t.deepEqual(roomOf(state, rates, minuteLater), ['3 3 60', '1000 1000 60']);
  t.deepEqual(roomOf(wallet.initialState, []), [undefined, undefined]);
});

test('a limit that was lowered below its use leaves nothing, not less', (t) => {
  const state = fold(wallet, history(rich, reserveOf('a', { rates: tokens(1_000) })));
  t.deepEqual(roomOf(state, tokens(100)), [undefined, '100 0 60']);
});

test('who is refused by a limit is told what the limits leave', (t) => {
  const rates = [...requests(1), ...tokens(1_000)];
  const used = fold(wallet, history(rich, reserveOf('a', { rates })));
  const refused = t.throws(() => wallet.decide(reserveOf('b', { rates, at: second }), used), {
    instanceOf: LimitReached,
  });
  t.is(refused?.retryAfterSeconds, 18);
  t.is(refused?.room.requests?.remaining.toFixed(), '0');
  t.is(refused?.room.tokens?.remaining.toFixed(), '800');
});

test('what came with calls of an older minute takes no room, and its end counts nowhere', (t) => {
  const calls = ['a', 'b', 'c'].map((call, n) =>
    reserveOf(call, { rates: ratesOf(`alias:model-${n}`, { ...none, tokensPerMinute: 900 }) }),
  );
  const next = reserveOf('d', { rates: tokens(900), at: minuteLater });
  const state = fold(wallet, history(rich, ...calls, next));
  t.deepEqual([...state.counters.keys()], ['alias:demo/minute/tokens']);
  const ended = fold(
    wallet,
    history(rich, ...calls, next, settleOf('a', { input: 1 }, { at: minuteLater })),
  );
  t.deepEqual([...ended.counters.keys()], ['alias:demo/minute/tokens']);
  t.deepEqual(roomOf(ended, tokens(900), minuteLater), [undefined, '900 700 60']);
});

test('books that are closed within a minute carry its counters, later ones don’t', (t) => {
  const state = fold(wallet, history(rich, reserveOf('a', { rates: requests(2) })));
  const countersAt = (at: string) => {
    const closed = walletBooks.close(state, { stream: 'wallet-test@0', at });
    return closed.type === 'WalletPeriodClosed' ? closed.data.state.counters : undefined;
  };
  t.deepEqual(countersAt(second), [['alias:demo/minute/requests', noon.slice(0, 16), '1']]);
  t.deepEqual(countersAt(minuteLater), []);
  const book = toBook(state);
  const read = book ? fromBook(book) : wallet.initialState;
  t.deepEqual(roomOf(read, requests(2)), ['2 1 60', undefined]);
});

const most = { requestsPerMinute: 4, tokensPerMinute: 900, concurrent: 3 };
const allRates = ratesOf('alias:demo', most);
const steps = fc.array(
  fc.record({
    end: fc.constantFrom('none', 'settle', 'release'),
    back: fc.nat({ max: 5 }),
    after: fc.constantFrom(0, 0, 0, 7_000, 30_000),
    input: fc.constantFrom(50, 300),
  }),
  { maxLength: 40 },
);

/** The state after a command that a limit may refuse; undefined: it has. */
function tried(state: Wallet, command: WalletCommand): Wallet | undefined {
  try {
    return wallet.decide(command, state).reduce(wallet.evolve, state);
  } catch (error) {
    if (error instanceof LimitReached) return undefined;
    throw error;
  }
}

const endOf = (end: string, call: string, at: string): readonly WalletCommand[] => {
  if (end === 'settle') return [settleOf(call, { input: 5, output: 5 }, { at })];
  return end === 'release' ? [releaseOf(call, { at })] : [];
};

interface Story {
  readonly state: Wallet;
  readonly at: string;
  /** The minutes of the calls that ran. */
  readonly granted: readonly string[];
}

type Steps = Parameters<Parameters<typeof steps.map>[0]>[0];

/** Calls, each with the end of one before it. */
const told = (all: Steps): Story =>
  all.reduce(
    ({ state, at: before, granted }: Story, { end, back, after: later, input }, n) => {
      const at = new Date(Date.parse(before) + later).toISOString();
      const next = tried(state, reserveOf(`call-${n}`, { rates: allRates, input, output: 50, at }));
      const ended = endOf(end, `call-${n - back}`, at).reduce<Wallet>(
        (so, command) => tried(so, command) ?? so,
        next ?? state,
      );
      return { state: ended, at, granted: next ? [...granted, at.slice(0, 16)] : granted };
    },
    { state: fold(wallet, history(rich)), at: noon, granted: [] },
  );

test('in whatever order calls come and end, no more of them run in a minute than may', (t) => {
  const property = fc.property(steps, (all) => {
    const { state, at, granted } = told(all);
    const minutes = Map.groupBy(granted, (minute) => minute);
    const now = minutes.get(at.slice(0, 16))?.length ?? 0;
    // Whoever was refused is in no count.
    return (
      [...minutes.values()].every(({ length }) => length <= most.requestsPerMinute) &&
      state.holds.size <= most.concurrent &&
      roomOf(state, allRates, at)[0]?.startsWith(`4 ${4 - now} `) === true
    );
  });
  t.notThrows(() => fc.assert(property));
});
