import fc from 'fast-check';
import { Decimal } from '../../src/domain/money.ts';

const millionth = new Decimal('0.000001');

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Often nothing, and over the edges of minutes, hours, days, months and what is remembered for a day. */
const after = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 0, 0, second, 20 * second) },
  { weight: 4, arbitrary: fc.constantFrom(minute, 31 * minute, 13 * hour) },
  { weight: 1, arbitrary: fc.constantFrom(day, day + 1, 31 * day) },
);
const ahead = fc.option(fc.constantFrom(1, minute, hour, day, 40 * day), { nil: null, freq: 2 });

const small = fc
  .integer({ min: 1, max: 900 })
  .map((n) => new Decimal(n).times(millionth).toFixed());
/** As long as an amount may be, less a digit for what adds up. */
const long = fc
  .tuple(fc.bigInt(10n ** 24n, 10n ** 25n - 1n), fc.bigInt(1n, 10n ** 11n - 1n))
  .map(([whole, decimals]) => `${whole}.${String(decimals).padStart(11, '0')}1`);
const amount = fc.oneof(
  { weight: 12, arbitrary: small },
  { weight: 2, arbitrary: fc.constantFrom('0.5', '1', '3') },
  { weight: 2, arbitrary: long },
  { weight: 1, arbitrary: fc.constantFrom('-1', '0') },
);
const granted = fc.oneof(
  { weight: 12, arbitrary: fc.record({ asset: fc.constant('CNY'), amount }) },
  {
    weight: 8,
    arbitrary: fc.record({
      asset: fc.constantFrom('requests', 'tokens', 'characters'),
      amount: fc.oneof(fc.integer({ min: 1, max: 600 }).map(String), fc.constantFrom('1', '2')),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      asset: fc.constantFrom('USD', 'tokens'),
      amount: fc.constantFrom('0.5', '1'),
    }),
  },
);

const count = fc.integer({ min: 0, max: 60 });
const nothing = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };
const usage = fc.record({ input: count, cachedInput: count, output: count, reasoning: count });
const costs = fc.array(
  fc.record({
    upstream: fc.constantFrom('one', 'two'),
    asset: fc.constantFrom('CNY', 'USD'),
    amount: fc.constantFrom('0.000001', '7', '9999999999999999999999999.999999999999'),
  }),
  { maxLength: 2 },
);
const call = fc.nat({ max: 11 });
const overrun = fc.constantFrom('absorbed', 'owed');
const characters = fc.option(fc.nat({ max: 500 }), { nil: null, freq: 8 });
const consumption = { call, usage, characters, costs };

const terms = <Window extends string, Measure extends string>(
  windows: readonly Window[],
  measures: readonly Measure[],
  most: readonly (string | null)[],
) =>
  fc.record({
    window: fc.constantFrom(...windows),
    measure: fc.constantFrom(...measures),
    most: fc.constantFrom(...most),
  });
const windows = ['minute', 'day', 'month', 'total'] as const;
const limit = fc.oneof(
  { weight: 4, arbitrary: terms(windows, ['requests'], ['0', '1', '2', '5', null]) },
  { weight: 4, arbitrary: terms(windows, ['tokens'], ['50', '200', '400', null]) },
  { weight: 4, arbitrary: terms(windows, ['money'], ['0.0003', '0.0006', '0.001', null]) },
  { weight: 3, arbitrary: terms(['now'], ['calls'], ['0', '1', '2', null]) },
  { weight: 5, arbitrary: terms(['total'], ['overdraft'], ['0', '0.0001', '0.0003', '1', null]) },
  { weight: 1, arbitrary: terms(['now', 'day'], ['tokens', 'calls', 'overdraft'], ['1.5', '-1']) },
);

const rate = fc.record({
  scope: fc.constantFrom('alias', 'alias', 'plan:free', 'plan:pro'),
  limit: fc.oneof(
    terms(['minute'], ['requests'], ['0', '1', '2', '5']),
    terms(['minute'], ['tokens'], ['50', '200', '400']),
    terms(['now'], ['calls'], ['0', '1', '2']),
  ),
});
/** Of each thing one limit; mostly none. */
const rates = fc.oneof(
  { weight: 2, arbitrary: fc.uniqueArray(rate, { maxLength: 0 }) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(rate, {
      maxLength: 3,
      selector: ({ scope, limit: { measure } }) => `${scope} ${measure}`,
    }),
  },
);

const mayCost = fc.constantFrom(
  undefined,
  { upstream: 'one', asset: 'USD', fixed: '0', perOutput: '0' },
  { upstream: 'one', asset: 'USD', fixed: '0.000012', perOutput: '0.000000000001' },
  { upstream: 'two', asset: 'CNY', fixed: '0', perOutput: '99999999999999999999999.999999999999' },
);

const asking = {
  after,
  /** One of the calls before, asked again. */
  again: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: call }),
  process: fc.nat({ max: 1 }),
  key: fc.nat({ max: 1 }),
  model: fc.constantFrom('small', 'small', 'small', 'small', 'small', 'large'),
  units: fc.oneof(fc.constant([]), fc.subarray(['requests', 'tokens', 'characters'])),
  input: fc.integer({ min: 1, max: 60 }),
  output: fc.integer({ min: 1, max: 100 }),
  n: fc.constantFrom(1, 1, 2),
  rates,
  mayCost,
};

const steps = {
  open: fc.record({ do: fc.constant('open'), after }),
  grant: fc.record({
    do: fc.constant('grant'),
    after,
    lot: fc.nat({ max: 20 }),
    granted,
    kind: fc.constantFrom('paid', 'paid', 'plan', 'promo', 'compensation'),
    priority: fc.integer({ min: -1, max: 1 }),
    from: fc.option(fc.constantFrom(-hour, 0, minute, day), { nil: null, freq: 2 }),
    until: ahead,
    scope: fc.constantFrom(null, null, null, null, ['small'], ['large', 'small'], ['large'], []),
    past: fc.constantFrom('bill', 'bill', 'block'),
  }),
  revoke: fc.record({ do: fc.constant('revoke'), after, lot: fc.nat({ max: 20 }) }),
  expire: fc.record({ do: fc.constant('expire'), after }),
  reserve: fc.record({ do: fc.constant('reserve'), ...asking }),
  check: fc.record({ do: fc.constant('check'), ...asking }),
  settle: fc.record({
    do: fc.constant('settle'),
    after,
    ...consumption,
    overrun,
  }),
  release: fc.record({ do: fc.constant('release'), after, call, costs }),
  abandon: fc.record({
    do: fc.constant('abandon'),
    after,
    ...consumption,
    evidence: fc.constantFrom(null, 'usage', 'checkpoint'),
    /** Null: the journal has nothing of it. */
    possibleCosts: fc.option(costs, { nil: null, freq: 1 }),
    overrun,
  }),
  late: fc.record({
    do: fc.constant('late'),
    after,
    ...consumption,
    usage: fc.oneof(
      { weight: 3, arbitrary: usage },
      { weight: 1, arbitrary: fc.constant(nothing) },
    ),
    overrun,
    outcome: fc.constantFrom('completed', 'completed', 'client_closed', 'upstream_failed'),
  }),
  correct: fc.record({
    do: fc.constant('correct'),
    after,
    settlement: fc.nat({ max: 9 }),
    /** In hundredths of the charge. */
    share: fc.constantFrom(0, 1, 50, 100, 101),
  }),
  pay: fc.record({ do: fc.constant('pay'), after }),
  limit: fc.record({
    do: fc.constant('limit'),
    after,
    key: fc.constantFrom(null, null, null, 0, 1),
    limit,
  }),
  freeze: fc.record({ do: fc.constantFrom('freeze', 'unfreeze', 'unfreeze'), after }),
  denials: fc.record({ do: fc.constant('denials'), after, count: fc.nat({ max: 2 }) }),
  roll: fc.record({ do: fc.constant('roll'), after }),
  snapshot: fc.record({ do: fc.constant('snapshot'), after }),
  refold: fc.record({ do: fc.constant('refold'), after }),
};

type Arbitraries = typeof steps;
type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;
export type Step = { [Name in keyof Arbitraries]: ValueOf<Arbitraries[Name]> }[keyof Arbitraries];
export type CommandStep = Exclude<Step, { do: 'roll' | 'snapshot' | 'refold' }>;

/** Grants and calls above all; everything else among them. */
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: steps.grant },
  { weight: 40, arbitrary: steps.reserve },
  { weight: 8, arbitrary: steps.check },
  { weight: 16, arbitrary: steps.settle },
  { weight: 6, arbitrary: steps.release },
  { weight: 12, arbitrary: steps.abandon },
  { weight: 10, arbitrary: steps.late },
  { weight: 8, arbitrary: steps.limit },
  { weight: 4, arbitrary: steps.expire },
  { weight: 4, arbitrary: steps.revoke },
  { weight: 5, arbitrary: steps.correct },
  { weight: 2, arbitrary: steps.roll },
  { weight: 2, arbitrary: steps.snapshot },
  { weight: 2, arbitrary: steps.refold },
  { weight: 1, arbitrary: steps.open },
  { weight: 2, arbitrary: steps.pay },
  { weight: 1, arbitrary: steps.freeze },
  { weight: 1, arbitrary: steps.denials },
);
/** A limit that is lifted, and set again under calls in flight. */
const setAgain = fc.constantFrom('tokens' as const, 'money' as const).map((measure): Step[] => {
  const most = (amount: string | null) => ({
    do: 'limit' as const,
    after: 0,
    key: null,
    limit: { window: 'day' as const, measure, most: amount },
  });
  return [most(null), most(measure === 'tokens' ? '600' : '0.001')];
});

const inCny = (amount: string) => ({ asset: 'CNY' as const, amount });

/** Most wallets begin with money to spend. */
const first = fc.oneof(
  { weight: 1, arbitrary: fc.constant([]) },
  {
    weight: 9,
    arbitrary: fc
      .tuple(steps.grant, fc.constantFrom('0.0002', '0.001', '0.005'))
      .map(([grant, most]) => [
        { ...grant, granted: inCny(most), scope: null, from: null, until: null },
      ]),
  },
);
export const walletSteps = fc
  .tuple(
    first,
    fc.array(fc.oneof({ weight: 12, arbitrary: step }, { weight: 1, arbitrary: setAgain }), {
      minLength: 1,
      maxLength: 40,
      size: 'max',
    }),
  )
  .map(([grants, others]): readonly Step[] => [...grants, ...others.flat()]);
