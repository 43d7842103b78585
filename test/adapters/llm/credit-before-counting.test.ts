import type { ExecutionContext } from 'ava';
import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import type { CountBounds } from '../../../src/adapters/llm/whole-input.ts';
import { countBounds } from '../../../src/adapters/llm/whole-input.ts';
import type { NamedBudget } from '../../../src/domain/budget/spending.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { PaidMock } from '../../support/paid-mock.ts';
import { paidMock } from '../../support/paid-mock.ts';
import { routeTo } from '../../support/routes.ts';

let upstream: PaidMock;
test.before(async () => {
  upstream = await paidMock();
});
test.after.always(() => upstream.close());

type Options = NonNullable<Parameters<PaidMock['on']>[1]>;

/** Calls, and how often an input was counted for them. */
async function counted(options: Options = {}) {
  let counts = 0;
  const recording: CountBounds = (...asked) => {
    counts += 1;
    return countBounds(...asked);
  };
  const calls = await upstream.on('gpt-4o', { countBounds: recording, ...options });
  return { calls, counts: () => counts };
}

const chat = (content: string): Json => ({ messages: [{ role: 'user', content }] });
const long = chat('word '.repeat(100_000));
const broke = { credit: { CNY: '0.000001' } };

const refusalOf = async (t: ExecutionContext, call: Promise<unknown>) => {
  const { code, why, message, values } =
    (await t.throwsAsync(call, { instanceOf: Rejection })) ?? {};
  return { code, why, message, values };
};

test('who has no credit is told so before a long text is counted, in the same words as after', async (t) => {
  const { calls, counts } = await counted(broke);
  const early = await refusalOf(t, calls.call(long));
  t.is(counts(), 0);
  t.like(early, { code: 'insufficient_quota' });
  t.deepEqual(await refusalOf(t, calls.call(chat('Hello'))), early);
  t.is(counts(), 1, 'what takes no time is counted');
  t.deepEqual(calls.refusals, ['insufficient_quota', 'insufficient_quota']);
  t.is(calls.metered.inFlight(), 0);
  t.is(calls.log.events.length, 2, 'it was opened and granted, and nothing else');
});

for (const [endpoint, body] of [
  ['completions', { prompt: 'word '.repeat(100_000) }],
  ['embeddings', { input: 'word '.repeat(100_000) }],
] as const) {
  test(`the same of ${endpoint}`, async (t) => {
    const { calls, counts } = await counted({ ...broke, endpoint, credit: { tokens: '5' } });
    t.like(await refusalOf(t, calls.call(body)), { code: 'insufficient_quota' });
    t.is(counts(), endpoint === 'embeddings' ? 1 : 0, 'five tokens may be enough to read');
    const { calls: none, counts: ofNone } = await counted({ endpoint, credit: {} });
    t.like(await refusalOf(t, none.call(body)), { code: 'insufficient_quota' });
    t.is(ofNone(), 0);
  });
}

test('a prediction is as long a text as any', async (t) => {
  const { calls, counts } = await counted(broke);
  const prediction = { type: 'content', content: 'word '.repeat(100_000) };
  t.like(await refusalOf(t, calls.call({ ...chat('Hello'), prediction })), {
    code: 'insufficient_quota',
  });
  t.is(counts(), 0);
});

test('who may have enough is counted for, and pays', async (t) => {
  const { calls, counts } = await counted({ credit: { CNY: '5' } });
  await calls.call(long);
  t.is(counts(), 1);
  t.is(calls.ends()[0]?.type, 'UsageSettled');
  const some = await counted({ credit: { CNY: '0.01' } });
  t.like(await refusalOf(t, some.calls.call(long)), { code: 'insufficient_quota' });
  t.is(some.counts(), 1);
  const ofRequests = await counted({ credit: { requests: '1' } });
  await ofRequests.calls.call(long);
  t.is(ofRequests.counts(), 1);
});

test('where the size of a call may keep it from being routed, its size is asked first', async (t) => {
  const conditions = { inputTokens: { max: 10 } };
  const route = routeTo([{ ...{ upstream: 'mock', model: 'gpt-4o', weight: 1 }, conditions }]);
  const { calls, counts } = await counted({ ...broke, route });
  const fault = await t.throwsAsync(calls.call(long), { instanceOf: CallFault });
  t.is(fault?.code, 'model_not_routed');
  t.is(counts(), 1);
});

test('where a budget may have no room for a call, its size is asked first', async (t) => {
  const budget: NamedBudget = {
    ...{ budgetId: 'b', scope: { kind: 'upstream', value: 'mock' }, currency: 'USD' },
    ...{ daily: '0.01', monthly: null, whenSpent: 'refuse' },
  };
  const { calls, counts } = await counted({
    ...broke,
    budgets: {
      blocking: ({ cost }) => (cost?.amount.gt(new Decimal('0.01')) ? [budget] : []),
      open: () => ({
        ...{ asks: () => true, answering: () => {}, over: () => {}, forget: () => {} },
      }),
    },
  });
  const fault = await t.throwsAsync(calls.call(long), { instanceOf: CallFault });
  t.is(fault?.code, 'budget_spent');
  t.is(counts(), 1);
});
