import test from 'ava';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { fromBook, toBook } from '../../../src/domain/wallet/book.ts';
import { wallet } from '../../../src/domain/wallet/decider.ts';
import { fold } from '../../support/given.ts';
import { after, limitOf, since } from '../../support/wallet-story.ts';
import {
  abandonOf,
  ending,
  grantOf,
  history,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
} from '../../support/wallets.ts';

const rich = grantOf('100');
const minuteLater = '2026-01-01T12:01:00.000Z';
const dayLater = '2026-01-02T00:00:00.000Z';
const monthLater = '2026-02-01T00:00:00.000Z';
const ofRequests = (window: 'minute' | 'day' | 'month' | 'total', most: string | null) =>
  limitOf({ window, measure: 'requests', most });

for (const [window, then] of [
  ['minute', minuteLater],
  ['day', dayLater],
  ['month', monthLater],
] as const) {
  test(`a limit of requests a ${window} is over by itself`, (t) => {
    const code = window === 'minute' ? 'rate_limit_exceeded' : 'budget_exhausted';
    const used = history(
      rich,
      ofRequests(window, '1'),
      reserveOf('a'),
      settleOf('a', { input: 1 }),
    );
    since(used)(t).when(reserveOf('b')).isRefused(code);
    since(used)(t)
      .when(reserveOf('b', { at: then }))
      .yieldsTypes('CreditReserved');
  });
}

test('a total has no end', (t) => {
  after(
    rich,
    ofRequests('total', '1'),
    reserveOf('a'),
    releaseOf('a'),
  )(t)
    .when(reserveOf('b', { at: monthLater }))
    .isRefused('budget_exhausted');
});

test('a refused call consumes nothing of any limit', (t) => {
  const limits = [
    ofRequests('day', '2'),
    limitOf({ window: 'day', measure: 'tokens', most: '300' }),
  ];
  const used = history(rich, ...limits, reserveOf('a'));
  since(used)(t).when(reserveOf('b')).isRefused('budget_exhausted');
  since(used)(t)
    .when(reserveOf('b', { input: 50, output: 50 }))
    .yieldsTypes('CreditReserved');
});

test('tokens count by their bound, and by what was used from the end on', (t) => {
  const limit = limitOf({ window: 'day', measure: 'tokens', most: '250' });
  const open = history(rich, limit, reserveOf('a'));
  since(open)(t).when(reserveOf('b')).isRefused('budget_exhausted');
  const done = history(rich, limit, reserveOf('a'), settleOf('a', { input: 10, output: 40 }));
  since(done)(t).when(reserveOf('b')).yieldsTypes('CreditReserved');
  const failed = history(rich, limit, reserveOf('a'), releaseOf('a'));
  since(failed)(t)
    .when(reserveOf('b', { input: 150 }))
    .yieldsTypes('CreditReserved');
});

test('a correction after its window is over changes no newer one', (t) => {
  const limit = limitOf({ window: 'minute', measure: 'tokens', most: '250' });
  const turned = history(
    rich,
    limit,
    reserveOf('a'),
    reserveOf('b', { at: minuteLater }),
    settleOf('a', { input: 1 }, { at: minuteLater }),
  );
  since(turned)(t)
    .when(reserveOf('c', { at: minuteLater }))
    .isRefused('rate_limit_exceeded');
});

test('a key’s budget of money counts its own calls alone', (t) => {
  const mine = limitOf({
    apiKeyId: nameId('key'),
    window: 'month',
    measure: 'money',
    most: '0.0007',
  });
  const used = history(rich, mine, reserveOf('a'));
  since(used)(t).when(reserveOf('b')).isRefused('budget_exhausted');
  const other = reserveOf('b');
  since(used)(t)
    .when({ ...other, call: { ...other.call, apiKeyId: nameId('another key') } })
    .yieldsTypes('CreditReserved');
});

test('calls in flight are limited by those that are open, since before the limit too', (t) => {
  const limit = limitOf({ window: 'now', measure: 'calls', most: '1' });
  const open = history(rich, reserveOf('a'), limit);
  since(open)(t).when(reserveOf('b')).isRefused('rate_limit_exceeded');
  after(
    rich,
    reserveOf('a'),
    limit,
    releaseOf('a'),
  )(t)
    .when(reserveOf('b'))
    .yieldsTypes('CreditReserved');
});

test('the end of the minute is when a caller may come again', (t) => {
  const used = fold(wallet, history(rich, ofRequests('minute', '1'), reserveOf('a')));
  const error = t.throws(
    () => wallet.decide(reserveOf('b', { at: '2026-01-01T12:00:42.000Z' }), used),
    { instanceOf: Rejection },
  );
  t.is(error?.retryAfterSeconds, 18);
});

test('a call that no window can hold is refused for good', (t) => {
  after(
    rich,
    limitOf({ window: 'minute', measure: 'tokens', most: '199' }),
  )(t)
    .when(reserveOf('a'))
    .isRefused('budget_exhausted');
});

test('a limit is set once, changed, and lifted with its counter', (t) => {
  const limited = history(rich, ofRequests('day', '1'), reserveOf('a'));
  since(limited)(t).when(ofRequests('day', '1')).yields();
  since(limited)(t).when(ofRequests('day', '2')).yieldsTypes('LimitSet');
  after(
    rich,
    ofRequests('day', '1'),
    reserveOf('a'),
    ofRequests('day', null),
  )(t)
    .when(reserveOf('b'))
    .yieldsTypes('CreditReserved');
});

test('calls from before a limit was lifted change nothing of the next one', (t) => {
  const limit = (most: string | null) => limitOf({ window: 'day', measure: 'tokens', most });
  const again = history(
    rich,
    limit('200'),
    reserveOf('a'),
    limit(null),
    limit('200'),
    reserveOf('b'),
    releaseOf('a'),
  );
  since(again)(t).when(reserveOf('c')).isRefused('budget_exhausted');
  since([...again, ...since(again)(t).when(releaseOf('b')).yieldsTypes('ReservationReleased')])(t)
    .when(reserveOf('c'))
    .yieldsTypes('CreditReserved');
});

test('a limit that is lowered below its use refuses, and one that is raised lets through', (t) => {
  const used = [rich, ofRequests('day', '3'), reserveOf('a'), reserveOf('b')] as const;
  after(
    ...used,
    ofRequests('day', '1'),
  )(t)
    .when(reserveOf('c'))
    .isRefused('budget_exhausted');
  after(
    ...used,
    ofRequests('day', '2'),
    ofRequests('day', '3'),
  )(t)
    .when(reserveOf('c'))
    .yieldsTypes('CreditReserved');
});

const broken = [
  limitOf({ window: 'minute', measure: 'requests', most: '1' }),
  limitOf({ window: 'month', measure: 'requests', most: '1' }),
  limitOf({ window: 'now', measure: 'calls', most: '1' }),
];
for (const [name, limits] of [
  ['first to last', broken],
  ['last to first', broken.toReversed()],
] as const) {
  test(`of limits that were set ${name} the one that lasts is said`, (t) => {
    const used = history(rich, ...limits, reserveOf('a'));
    since(used)(t).when(reserveOf('b')).isRefused('budget_exhausted');
    const ended = fold(wallet, history(rich, ...limits, reserveOf('a'), releaseOf('a')));
    const book = toBook(ended);
    const read = book ? fromBook(book) : wallet.initialState;
    const next = reserveOf('b', { at: monthLater });
    t.deepEqual(wallet.decide(next, read), wallet.decide(next, ended));
  });
}

test('of waits the longest is said', (t) => {
  const used = history(
    rich,
    limitOf({ window: 'now', measure: 'calls', most: '1' }),
    limitOf({ window: 'minute', measure: 'requests', most: '1' }),
    reserveOf('a'),
  );
  const error = t.throws(() => wallet.decide(reserveOf('b'), fold(wallet, used)), {
    instanceOf: Rejection,
  });
  t.is(error?.retryAfterSeconds, 60);
});

test('where no call may ever run, nobody is told to come again', (t) => {
  after(
    rich,
    limitOf({ window: 'now', measure: 'calls', most: '0' }),
  )(t)
    .when(reserveOf('a'))
    .isRefused('budget_exhausted');
});

test('a limit of money doesn’t count what an allowance pays', (t) => {
  const quotes = [
    { asset: 'requests', fixed: new Decimal(1), perOutput: new Decimal(0) },
    ...reserveOf('x').quotes,
  ];
  const limit = limitOf({ window: 'day', measure: 'money', most: '0.0004' });
  const used = history(
    rich,
    grantOf('1', { asset: 'requests', kind: 'plan' }),
    limit,
    reserveOf('a', { quotes }),
    reserveOf('b', { quotes }),
  );
  since(used)(t).when(reserveOf('c', { quotes })).isRefused('budget_exhausted');
});

test('what a swept call posts late counts within the window it was reserved in', (t) => {
  const limit = limitOf({ window: 'day', measure: 'tokens', most: '400' });
  const late = {
    type: 'PostLateSettlement',
    callId: nameId('a'),
    usage: { input: 100, cachedInput: 0, output: 101, reasoning: 0 },
    characters: null,
    ending,
    costs: [],
    overrun: 'absorbed',
    at: noon,
  } as const;
  const used = [rich, limit, reserveOf('a'), abandonOf('a')] as const;
  after(...used)(t)
    .when(reserveOf('b', { output: 300 }))
    .yieldsTypes('CreditReserved');
  after(
    ...used,
    late,
  )(t)
    .when(reserveOf('b'))
    .isRefused('budget_exhausted');
  after(...used, { ...late, at: dayLater })(t)
    .when(reserveOf('b', { output: 300, at: dayLater }))
    .yieldsTypes('CreditReserved');
});

test('a limit that means nothing is refused', (t) => {
  const wrong = [
    limitOf({ window: 'day', measure: 'calls', most: '1' }),
    limitOf({ window: 'now', measure: 'tokens', most: '1' }),
    limitOf({ window: 'day', measure: 'overdraft', most: '1' }),
    limitOf({ apiKeyId: nameId('key'), window: 'total', measure: 'overdraft', most: '1' }),
  ];
  for (const limit of wrong) after(rich)(t).when(limit).isRefused('invalid_limit');
  after(rich)(t).when(ofRequests('day', '-1')).isRefused('invalid_amount');
  after(rich)(t).when(ofRequests('day', '1.5')).isRefused('invalid_amount');
});

test('a frozen wallet reserves nothing, and what runs ends as usual', (t) => {
  const freeze = { type: 'FreezeWallet', reason: 'fraud', at: noon } as const;
  const frozen = history(rich, reserveOf('a'), freeze);
  t.is(frozen.at(-1)?.type, 'WalletFrozen');
  since(frozen)(t).when(freeze).yields();
  since(frozen)(t).when(reserveOf('b')).isRefused('wallet_frozen');
  since(frozen)(t)
    .when(settleOf('a', { input: 1 }))
    .yieldsTypes('UsageSettled');
  const thawed = history(rich, freeze, { ...freeze, type: 'UnfreezeWallet' });
  t.is(thawed.at(-1)?.type, 'WalletUnfrozen');
  since(thawed)(t).when(reserveOf('b')).yieldsTypes('CreditReserved');
});

test('denials are written as counts', (t) => {
  const denials = [{ code: 'insufficient_quota', count: 3 }];
  after(rich)(t)
    .when({ type: 'CountDenials', minute: noon, denials, at: noon })
    .yieldsTypes('DenialsCounted');
  since([])(t).when({ type: 'CountDenials', minute: noon, denials, at: noon }).yields();
});
