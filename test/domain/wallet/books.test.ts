import test from 'ava';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { fromBook, toBook, WalletBook } from '../../../src/domain/wallet/book.ts';
import { hashOf, walletBooks } from '../../../src/domain/wallet/books.ts';
import type { Cost } from '../../../src/domain/wallet/call-events.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../../src/domain/wallet/events.ts';
import { walletEvents } from '../../../src/domain/wallet/events.ts';
import type { Wallet } from '../../../src/domain/wallet/wallet.ts';
import { entriesIn } from '../../../src/domain/wallet/wallet.ts';
import { lonelyCall, longAlias, wide, wideCost, wideLot } from '../../support/full-wallets.ts';
import { fold } from '../../support/given.ts';
import { limitOf } from '../../support/wallet-story.ts';
import { abandonOf, grantOf, history, noon, reserveOf } from '../../support/wallets.ts';

const stream = 'wallet-1@0';
const lastAppendBytes = 900 * 1024;

const run = (state: Wallet, command: WalletCommand): Wallet =>
  wallet.decide(command, state).reduce(wallet.evolve, state);

/** Runs commands until the wallet is full. */
function filled(commandOf: (n: number) => WalletCommand, start: Wallet): Wallet {
  let state = start;
  for (let n = 0; n < 5_000; n += 1) {
    try {
      state = run(state, commandOf(n));
    } catch (error) {
      if (error instanceof Rejection && error.code === 'wallet_full') return state;
      throw error;
    }
  }
  throw new Error('It is never full.');
}

const rich = fold(wallet, history(grantOf(`${wide}.123456789012`)));

const evidence = {
  basis: 'usage',
  usage: { input: 1_000_000_000, cachedInput: 0, output: 0, reasoning: 0 },
  characters: null,
} as const;

/** What a crash makes of a wallet: every call in flight is swept. */
const swept = (state: Wallet, costs: readonly Cost[] = []): Wallet =>
  state.holds
    .values()
    .reduce(
      (next, { call: { callId } }) => run(next, { ...abandonOf('a', { evidence, costs }), callId }),
      state,
    );

/** The same when the journal has nothing of them. */
const unknown = (state: Wallet): Wallet =>
  state.holds
    .values()
    .reduce(
      (next, { call: { callId } }) =>
        run(next, { ...abandonOf('a', { possibleCosts: null }), callId }),
      state,
    );

/** Takes nothing of any lot, and may cost us something all the same. */
const free = (n: number): WalletCommand => ({
  ...reserveOf(`call ${n}`, { mayCost: wideCost(n) }),
  quotes: [{ asset: 'CNY', fixed: new Decimal(0), perOutput: new Decimal(0) }],
});

const wideCosts = ['openai', 'openai_like'].map((upstream) => ({
  upstream,
  asset: 'CNY',
  amount: `${wide}.123456789012`,
}));
/** As many limits as count each call of a wallet. */
const limited = (['minute', 'day', 'month', 'total'] as const)
  .flatMap((window) =>
    (['requests', 'tokens', 'money'] as const).map((measure) =>
      limitOf({ window, measure, most: wide }),
    ),
  )
  .reduce(run, rich);

/** Draws on a hundred lots, each of which is for twenty models. */
const broad = (n: number): WalletCommand => ({
  ...reserveOf(`call ${n}`),
  quotes: [{ asset: 'CNY', fixed: new Decimal('100'), perOutput: new Decimal(0) }],
});
const scoped = (n: number): WalletCommand => ({
  ...grantOf('30', { lotId: nameId(`lot ${n}`) }),
  scope: ['demo', ...Array.from({ length: 20 }, (_, m) => longAlias(100 * n + m))],
});

const fullest: Readonly<Record<string, () => Wallet>> = {
  lots: () => filled((n) => wideLot(n), wallet.initialState),
  'lots with long scopes': () =>
    filled(
      (n) =>
        wideLot(
          n,
          Array.from({ length: 20 }, (_, m) => longAlias(m)),
        ),
      wallet.initialState,
    ),
  'calls that share nothing': () => filled(lonelyCall, rich),
  'calls that draw on many lots': () => {
    const many = Array.from({ length: 100 }, (_, n) => wideLot(n)).reduce(run, wallet.initialState);
    const large = (n: number): WalletCommand => ({
      ...reserveOf(`call ${n}`),
      quotes: [{ asset: 'CNY', fixed: new Decimal(wide).plus('0.5'), perOutput: new Decimal(0) }],
    });
    return filled((n) => (n < 90 ? large(n) : lonelyCall(n)), many);
  },
  'swept calls': () => {
    let state = rich;
    for (;;) {
      const n = state.swept.size;
      try {
        state = run(state, lonelyCall(n));
        state = run(state, abandonOf(`call ${n}`, { evidence }));
      } catch (error) {
        if (error instanceof Rejection && error.code === 'wallet_full') return state;
        throw error;
      }
    }
  },
  'calls that share nothing, swept': () => swept(filled(lonelyCall, rich)),
  'calls that share all, swept': () => swept(filled((n) => reserveOf(`call ${n}`), rich)),
  'calls that share nothing, swept with costs': () => swept(filled(lonelyCall, limited), wideCosts),
  'calls that share all, swept with costs': () =>
    swept(
      filled((n) => reserveOf(`call ${n}`), limited),
      wideCosts,
    ),
  'calls on lots with long scopes, swept': () =>
    swept(filled(broad, Array.from({ length: 80 }, (_, n) => scoped(n)).reduce(run, rich))),
  'calls that share nothing, of which nobody knows anything': () =>
    unknown(filled(lonelyCall, limited)),
  'calls that share all, of which nobody knows anything': () =>
    unknown(filled((n) => reserveOf(`call ${n}`, { mayCost: wideCost(1) }), limited)),
  'free calls': () => filled(free, limited),
  'free calls, of which nobody knows anything': () => unknown(filled(free, limited)),
  limits: () =>
    filled(
      (n) => limitOf({ apiKeyId: nameId(`key ${n}`), window: 'day', measure: 'money', most: wide }),
      rich,
    ),
};

for (const [name, make] of Object.entries(fullest)) {
  test(`the largest state of ${name} closes within one append`, (t) => {
    const state = make();
    const closed = walletBooks.close(state, { stream, at: noon });
    t.true(Buffer.byteLength(JSON.stringify(closed.data)) + 2_048 < lastAppendBytes);
    t.true(entriesIn(state, noon) > 3_800 && entriesIn(state, noon) <= 4_000);
  });
}

test('what nobody remembers takes no room', (t) => {
  const full = swept(filled((n) => reserveOf(`call ${n}`), rich));
  const reserve = (at: string) => () => run(full, reserveOf('one more', { at }));
  t.is(
    t.throws(reserve('2026-01-02T12:00:00.000Z'), { instanceOf: Rejection })?.code,
    'wallet_full',
  );
  t.notThrows(reserve('2026-01-02T12:00:00.001Z'));
});

const busy: readonly WalletCommand[] = [
  grantOf('1', { kind: 'paid' }),
  grantOf('5', { asset: 'requests', past: 'block', scope: ['other'] }),
  limitOf({ window: 'day', measure: 'tokens', most: '10000000' }),
  limitOf({ window: 'total', measure: 'overdraft', most: '3' }),
  reserveOf('a'),
  reserveOf('b', { mayCost: wideCost(1) }),
  abandonOf('b', {
    evidence: {
      basis: 'checkpoint',
      usage: { input: 1, cachedInput: 0, output: 2, reasoning: 0 },
      characters: null,
    },
  }),
  reserveOf('c', { input: 1_500_000, mayCost: wideCost(2) }),
];

test('a book holds all that the fold knows', (t) => {
  const state = fold(wallet, history(...busy));
  const book = toBook(state);
  t.truthy(book);
  if (!book) return;
  t.deepEqual(toBook(fromBook(JSON.parse(JSON.stringify(book)))), book);
  t.is(entriesIn(fromBook(book), noon), entriesIn(state, noon));
  t.deepEqual(walletBooks.save(state), book);
  t.is(walletBooks.restore({ ...book, lots: 'none' }), undefined);
  t.is(walletBooks.restore({ ...book, texts: [] }), undefined, 'calls name what isn’t there');
});

test('a book from before booked costs were kept reads and hashes as it did', (t) => {
  const costs = wideCosts.slice(0, 1);
  const abandoned = abandonOf('b', { evidence, costs });
  const with1 = toBook(fold(wallet, history(grantOf('1'), reserveOf('b'), abandoned)));
  t.deepEqual(with1?.swept[0]?.at(-1), [[with1?.texts.indexOf('openai'), 'CNY', costs[0]?.amount]]);
  const without = toBook(fold(wallet, history(...busy)));
  t.is(without?.swept[0]?.length, 15);
  if (!without) return;
  t.deepEqual(fromBook(without).swept.get(nameId('b'))?.booked, []);
  t.deepEqual(WalletBook.parse(JSON.parse(JSON.stringify(without))), without);
});

test('a book from before holds said what their calls may cost reads and hashes as it did', (t) => {
  const bookOf = (more: Parameters<typeof reserveOf>[1]) =>
    toBook(fold(wallet, history(grantOf('1'), reserveOf('a', more))));
  const said = bookOf({ mayCost: wideCost(1) });
  const { upstream, asset, fixed } = wideCost(1);
  t.deepEqual(said?.holds[0]?.at(-1), [said?.texts.indexOf(upstream), asset, fixed.toFixed()]);
  const unsaid = bookOf({});
  t.is(unsaid?.holds[0]?.length, 12);
  if (!unsaid) return;
  t.is(fromBook(unsaid).holds.get(nameId('a'))?.mayCost, undefined);
  t.deepEqual(WalletBook.parse(JSON.parse(JSON.stringify(unsaid))), unsaid);
});

test('the next stream goes on where the books were closed', (t) => {
  const state = fold(wallet, history(...busy));
  const closed = walletBooks.close(state, { stream, at: noon });
  t.is(closed.type, 'WalletPeriodClosed');
  t.is(walletBooks.next(wallet.evolve(state, closed)), 'wallet-1@1');
  const opened = walletBooks.open(closed);
  const again = fold<WalletCommand, WalletEvent, Wallet>(wallet, [opened]);
  t.is(walletBooks.next(again), null);
  t.deepEqual({ ...toBook(again), previous: null }, toBook(state));
});

test('each hash covers the one before', (t) => {
  const first = walletBooks.close(fold(wallet, history(...busy)), { stream, at: noon });
  const opened = walletBooks.open(first);
  const second = walletBooks.close(fold(wallet, [opened]), { stream: 'wallet-1@1', at: noon });
  if (first.type !== 'WalletPeriodClosed' || second.type !== 'WalletPeriodClosed') return t.fail();
  t.is(first.data.hash, hashOf(first.data.state));
  t.is(second.data.state.previous, first.data.hash);
  t.not(second.data.hash, first.data.hash);
  t.is(second.data.next, 'wallet-1@2');
  const read = walletEvents.WalletPeriodClosed.parse(JSON.parse(JSON.stringify(first.data)));
  t.is(hashOf(read.state), first.data.hash);
});

test('a wallet is due in a later month, or when its stream is long', (t) => {
  const state = fold(wallet, history(...busy));
  const place = { at: noon, last: noon, events: 10, mostEvents: 100 };
  t.false(walletBooks.due(state, place));
  t.true(walletBooks.due(state, { ...place, events: 100 }));
  t.true(walletBooks.due(state, { ...place, last: '2025-12-31T23:59:59.999Z' }));
  t.false(walletBooks.due(wallet.initialState, { ...place, events: 100 }));
});

test('what has become meaningless is not carried on', (t) => {
  const state = fold(wallet, history(...busy));
  const closed = walletBooks.close(state, { stream, at: '2026-02-01T00:00:00.000Z' });
  if (closed.type !== 'WalletPeriodClosed') return t.fail();
  t.deepEqual(closed.data.state.swept, []);
  t.deepEqual(closed.data.state.counters, []);
});
