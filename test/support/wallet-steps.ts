import fc from 'fast-check';
import { nameId } from '../../src/domain/ids.ts';
import { Decimal } from '../../src/domain/money.ts';
import type { LotPart } from '../../src/domain/wallet/call-events.ts';
import type { ChargedPart, Quote, WalletCommand } from '../../src/domain/wallet/commands.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { ending, memberId, walletId } from './wallets.ts';

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
const consumption = { call, usage, characters: fc.nat({ max: 500 }), costs };

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
  reserve: fc.record({
    do: fc.constant('reserve'),
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
  }),
  settle: fc.record({
    do: fc.constant('settle'),
    after,
    ...consumption,
    overrun: fc.constantFrom('absorbed', 'owed'),
  }),
  release: fc.record({ do: fc.constant('release'), after, call, costs }),
  abandon: fc.record({
    do: fc.constant('abandon'),
    after,
    ...consumption,
    evidence: fc.constantFrom(null, 'usage', 'checkpoint'),
    possibleCosts: costs,
  }),
  late: fc.record({ do: fc.constant('late'), after, ...consumption }),
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
    key: fc.constantFrom(null, null, 0, 1),
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
  .tuple(first, fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }))
  .map(([grants, others]): readonly Step[] => [...grants, ...others]);

/** What a step may refer to: what happened before it. */
export interface Before {
  readonly at: string;
  /** Ids of calls, in the order they were reserved. */
  readonly calls: readonly string[];
  /** Those of them that are open, and that the sweeper ended. */
  readonly open: readonly string[];
  readonly swept: readonly string[];
  readonly events: readonly WalletEvent[];
  readonly number: number;
}

const instant = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();
const lotOf = (lot: number): string => nameId(`lot/${lot}`);
const keyOf = (key: number): string => nameId(`key/${key}`);
const some = (calls: readonly string[], call: number): string | undefined =>
  calls[calls.length - 1 - (call % Math.max(calls.length, 1))];
/** Mostly a call that the step is meant for, sometimes any. */
const callOf = ({ calls }: Before, call: number, meant: readonly string[] = []): string =>
  (call < 10 ? some(meant, call) : undefined) ?? some(calls, call) ?? nameId('no call');

export function commandOf(step: CommandStep, before: Before): WalletCommand {
  const { at } = before;
  switch (step.do) {
    case 'open':
      return { type: 'OpenWallet', walletId, memberId, currency: 'CNY' };
    case 'grant':
      return grantOf(step, at);
    case 'revoke':
      return { type: 'RevokeCredit', lotId: lotOf(step.lot), reason: 'test', at };
    case 'expire':
      return { type: 'ExpireLots', at };
    case 'reserve':
      return reserveOf(step, before);
    case 'settle': {
      const { usage, characters, costs, overrun } = step;
      const callId = callOf(before, step.call, before.open);
      const consumed = { callId, usage, characters, basis: 'usage' as const };
      return { type: 'SettleUsage', ...consumed, ending, costs, overrun, at };
    }
    case 'release': {
      const callId = callOf(before, step.call, before.open);
      return { type: 'ReleaseHold', callId, ending, costs: step.costs, at };
    }
    case 'abandon': {
      const { usage, characters, evidence: basis, costs, possibleCosts } = step;
      const evidence = basis && { basis, usage, characters };
      const callId = callOf(before, step.call, before.open);
      return { type: 'ResolveAbandoned', callId, evidence, ending, costs, possibleCosts, at };
    }
    case 'late': {
      const { usage, characters, costs } = step;
      const callId = callOf(before, step.call, before.swept);
      return { type: 'PostLateSettlement', callId, usage, characters, ending, costs, at };
    }
    case 'correct':
      return correctOf(step, before);
    case 'pay':
      return { type: 'PayDebt', at };
    case 'limit': {
      const apiKeyId = step.key === null ? null : keyOf(step.key);
      return { type: 'SetLimit', limit: { apiKeyId, ...step.limit }, reason: 'test', at };
    }
    case 'freeze':
      return { type: 'FreezeWallet', reason: 'test', at };
    case 'unfreeze':
      return { type: 'UnfreezeWallet', reason: 'test', at };
    case 'denials': {
      const denials = step.count === 0 ? [] : [{ code: 'test', count: step.count }];
      return { type: 'CountDenials', minute: at, denials, at };
    }
  }
}

type StepOf<Do extends Step['do']> = Extract<Step, { do: Do }>;

function grantOf(step: StepOf<'grant'>, at: string): WalletCommand {
  const { granted, kind, priority, from, until, scope, past } = step;
  return {
    type: 'GrantCredit',
    walletId,
    memberId,
    currency: 'CNY',
    lotId: lotOf(step.lot),
    asset: granted.asset,
    amount: new Decimal(granted.amount),
    kind,
    priority,
    effectiveAt: from === null ? null : instant(at, from),
    expiresAt: until === null ? null : instant(at, until),
    scope,
    past: granted.asset === 'CNY' && priority >= 0 ? 'bill' : past,
    reason: 'test',
    at,
  };
}

/** Prices small and as large as they may be; per million tokens. */
const prices = {
  small: { input: '1', cachedInput: '0.5', output: '3' },
  large: {
    input: '12345678901234567890.123456',
    cachedInput: '0.000001',
    output: '99999999999999999999.999999',
  },
};
function reserveOf(step: StepOf<'reserve'>, before: Before): WalletCommand {
  const { model, input, output, n, units, process } = step;
  const callId = step.again === null ? nameId(`call/${before.number}`) : callOf(before, step.again);
  const { input: perInput, output: perOutput } = prices[model];
  const bounds: Record<string, Omit<Quote, 'asset'>> = {
    requests: { fixed: new Decimal(1), perOutput: new Decimal(0) },
    tokens: { fixed: new Decimal(input), perOutput: new Decimal(n) },
    characters: { fixed: new Decimal(input), perOutput: new Decimal(4 * n) },
    CNY: {
      fixed: new Decimal(perInput).times(millionth).times(input),
      perOutput: new Decimal(perOutput).times(millionth).times(n),
    },
  };
  return {
    type: 'ReserveCredit',
    call: {
      callId,
      memberId,
      apiKeyId: keyOf(step.key),
      requestId: `req_${callId}`,
      clientRequestId: null,
      model,
    },
    processId: nameId(`process/${process}`),
    quotes: [...units, 'CNY'].flatMap((asset) => {
      const bound = bounds[asset];
      return bound ? [{ asset, ...bound }] : [];
    }),
    tokens: { fixed: new Decimal(input), perOutput: new Decimal(n) },
    outputTokens: output,
    price: { alias: model, version: 1, currency: 'CNY', prices: prices[model] },
    at: before.at,
  };
}

/** A correction as its sender makes it: from the settlement and the grants in the log. */
function correctOf(step: StepOf<'correct'>, { events, at }: Before): WalletCommand {
  const settlements = events.flatMap((event) =>
    event.type === 'UsageSettled' ? [event.data] : [],
  );
  const place = step.settlement % Math.max(settlements.length, 1);
  const settled = settlements[place];
  const share = new Decimal(step.share).times('0.01');
  const isWhole = settled && ['requests', 'tokens', 'characters'].includes(settled.asset);
  const exact = new Decimal(settled?.charge ?? 1).times(share);
  return {
    type: 'CorrectUsage',
    eventId: nameId(`settlement/${place}`),
    callId: settled?.call.callId ?? nameId('no call'),
    asset: settled?.asset ?? 'CNY',
    charged: settled ? chargedParts(settled.consumed, events) : [],
    // Fractions beyond what an amount can be are the edge's business.
    amount: exact.toDecimalPlaces(isWhole ? 0 : 12),
    reason: 'test',
    approver: 'test',
    at,
  };
}

function chargedParts(
  consumed: readonly LotPart[],
  events: readonly WalletEvent[],
): readonly ChargedPart[] {
  return consumed.map(({ lotId, amount }): ChargedPart => {
    const terms = lotId === null ? undefined : termsIn(events, lotId);
    const { kind = 'paid', priority = 0, expiresAt = null, scope = null } = terms ?? {};
    return { kind, priority, expiresAt, scope, amount: new Decimal(amount) };
  });
}

const termsIn = (events: readonly WalletEvent[], lotId: string) =>
  events
    .flatMap(({ type, data }) =>
      type === 'CreditGranted'
        ? [data]
        : type === 'UsageCorrected' || type === 'LateSettlementPosted'
          ? data.lots
          : [],
    )
    .findLast((lot) => lot.lotId === lotId);
