import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { canonical, sum } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { eventually } from '../../support/eventually.ts';
import { allChunks, chunksOf, textIn } from '../../support/paid-calls.ts';
import {
  cost,
  costsOf,
  crashed,
  endsWith,
  faultOf,
  helloTokens,
  ourCost,
  paidMockFor,
  sumOf,
  suspenseOf,
} from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const stream: Json = { stream: true };

/** What a greeting with so much output may cost at most: the family's tokens and a tenth. */
const bound = (output: number) => ourCost(Math.ceil(helloTokens * 1.1), output);

test.serial(
  'a call that takes too long after its first byte pays what was delivered',
  async (t) => {
    const calls = await upstream.on('gpt-4o?chunks=6&hang=mid', { totalMs: 1_500 });
    const answer = await calls.call(stream);
    t.is(await faultOf(t, allChunks(answer)), 'timed_out');
    await endsWith(t, calls, 'UsageSettled', {
      basis: 'estimate',
      outcome: 'timed_out',
      charge: cost(helloTokens, 3),
      costs: [ourCost(helloTokens, 3)],
    });
  },
);

for (const streams of [false, true]) {
  test(`a call that takes too long before its first byte costs nothing (${streams})`, async (t) => {
    const calls = await upstream.on('gpt-4o?hang=first', { totalMs: 300 });
    t.is(await faultOf(t, calls.call({ stream: streams })), 'timed_out');
    await endsWith(t, calls, 'ReservationReleased', { outcome: 'timed_out' });
  });
}

test('a shutdown waits, then cuts what still runs and charges what was delivered', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=6&hang=mid');
  const chunks = chunksOf(await calls.call(stream));
  for (let seen = 0; seen < 3; ) seen += (await chunks.next()).value?.length ?? 0;
  const last = chunks.next();
  await Promise.all([
    calls.metered.drain(50),
    faultOf(t, last).then((code) => t.is(code, 'shut_down')),
  ]);
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    outcome: 'shut_down',
    charge: cost(helloTokens, 3),
    costs: [ourCost(helloTokens, 3)],
  });
  t.is(await faultOf(t, calls.call()), 'shut_down');
});

test('a shutdown lets a call end by itself while there is time', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=4&delay=20');
  const [chunks] = await Promise.all([
    calls.call(stream).then(allChunks),
    new Promise((resolve) => setTimeout(resolve, 30)).then(() => calls.metered.drain(60_000)),
  ]);
  t.is(textIn(chunks), ' word'.repeat(4));
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', outcome: 'completed' });
});

test('after our crash the usage in the journal is charged', async (t) => {
  const calls = await upstream.on('gpt-4o?input=100&chunks=5', {
    patience: { journalMs: 50, answerMs: 60_000 },
  });
  const back = Promise.withResolvers<void>();
  calls.log.next.after = () => {
    calls.log.next.before = () => back.promise;
  };
  // Complete without the log, because the journal vouches for it.
  t.is(textIn(await allChunks(await calls.call(stream))), ' word'.repeat(5));
  t.deepEqual(calls.ends(), []);
  await crashed(calls);
  const [end] = calls.ends();
  t.is(end?.type, 'UsageSettled');
  t.like(end?.data, { basis: 'usage', swept: true, charge: cost(100, 5), outcome: 'completed' });
  t.deepEqual(costsOf(t, end?.data ?? {}), [ourCost(100, 5)]);
  back.resolve();
  await eventually(() => calls.metered.inFlight() === 0);
});

test('after our crash an overrun is owed when the setting says so', async (t) => {
  const calls = await upstream.on('gpt-4o?input=10&output=500&chunks=5', {
    patience: { journalMs: 50, answerMs: 60_000 },
    ...{ defaultMaxOutput: 100, overrun: 'owed' },
  });
  const back = Promise.withResolvers<void>();
  calls.log.next.after = () => {
    calls.log.next.before = () => back.promise;
  };
  await allChunks(await calls.call(stream));
  await crashed(calls);
  back.resolve();
  await eventually(() => calls.metered.inFlight() === 0);
  const [end, overage, ...more] = calls.ends();
  t.like(end, { type: 'UsageSettled', data: { swept: true } });
  t.like(overage, { type: 'OverageAccrued', data: { treatment: 'owed' } });
  t.false(more.some(({ type }) => type === 'OverageAccrued'));
  t.true((await calls.wallet()).owed.isPositive());
});

test('after our crash input and the checkpointed output are charged', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=1200&hang=mid', { defaultMaxOutput: 1_000 });
  const client = new AbortController();
  const chunks = chunksOf(await calls.call(stream, client.signal));
  for (let seen = 0; seen < 600; ) seen += (await chunks.next()).value?.length ?? 0;
  const next = chunks.next();
  next.catch(() => undefined);
  // The last words before the silence are noted within two seconds.
  await eventually(() => [...calls.journal.notes.values()][0]?.counted?.usage.output === 600);
  await crashed(calls);
  const [end] = calls.ends();
  t.is(end?.type, 'UsageSettled');
  t.like(end?.data, { basis: 'checkpoint', charge: cost(helloTokens, 600), outcome: 'abandoned' });
  t.deepEqual(costsOf(t, end?.data ?? {}), [ourCost(helloTokens, 600)]);
  t.true(calls.journal.asked.length < 6, 'a note every 256 tokens, not every chunk');
  client.abort();
  await t.throwsAsync(next);
  // What it received is what was charged.
  await eventually(() => calls.metered.inFlight() === 0);
  t.like(calls.ends()[1]?.data, { difference: '0', costs: [] });
});

test('after our crash a call of which nothing is known is free, and what it may cost us is in suspense', async (t) => {
  const calls = await upstream.on('gpt-4o?hang=headers', { defaultMaxOutput: 100 });
  const client = new AbortController();
  const asked = upstream.mock.asked.length;
  const call = calls.call({}, client.signal);
  await eventually(() => upstream.mock.asked.length > asked);
  await crashed(calls);
  const [end] = calls.ends();
  t.is(end?.type, 'ReservationExpired');
  t.like(end?.data, { basis: 'no_evidence', outcome: 'abandoned' });
  t.like(end?.data, { possibleCosts: [{ upstream: 'mock', asset: 'USD', amount: bound(100) }] });
  t.deepEqual(costsOf(t, end?.data ?? {}), []);
  t.deepEqual(suspenseOf(calls.ends()), { USD: bound(100) });
  client.abort();
  await faultOf(t, call);
  // The call itself knows that nobody had begun to answer.
  await eventually(() => calls.ends().length > 1);
  t.like(calls.ends()[1], { type: 'LateSettlementPosted', data: { difference: '0', costs: [] } });
  t.deepEqual(suspenseOf(calls.ends()), { USD: '0' });
});

test('a hold says that its call may cost what a note of it would, also of a clamped answer', async (t) => {
  const calls = await upstream.on(['gpt-4o?status=500', 'gpt-4o?hang=headers'], {
    ...{ credit: { CNY: '0.0005' }, defaultMaxOutput: 1_000 },
  });
  const client = new AbortController();
  const call = calls.call({ n: 2 }, client.signal);
  await eventually(() => calls.journal.notes.size > 0);
  const [note] = calls.journal.notes.values();
  const [hold] = (await calls.wallet()).holds.values();
  t.true(hold && hold.maxOutput < 1_000);
  t.is(hold?.mayCost?.amount, bound(2 * (hold?.maxOutput ?? 0)));
  t.is(note?.asked[1]?.cost?.bound, hold?.mayCost?.amount);
  client.abort();
  await faultOf(t, call);
});

test('a call of an upstream that names no cost may cost nothing that anybody knows', async (t) => {
  const models = [{ upstream: 'mock', model: 'gpt-4o?hang=headers' }];
  const calls = await upstream.on('', { models });
  const client = new AbortController();
  const call = calls.call({}, client.signal);
  await eventually(() => calls.metered.inFlight() > 0 && calls.log.events.length > 2);
  await crashed(calls);
  t.like(calls.ends()[0], { type: 'ReservationExpired', data: { possibleCosts: [] } });
  client.abort();
  await faultOf(t, call);
});

test('after our crash in a second attempt the first one’s cost is booked, and what the second may cost is in suspense', async (t) => {
  const calls = await upstream.on(['gpt-4o?rubbish=first', 'gpt-4o?hang=headers'], {
    retrying: { retries: 0 },
  });
  const client = new AbortController();
  const call = calls.call({}, client.signal);
  await eventually(() => calls.journal.notes.size > 0);
  await crashed(calls);
  const [end] = calls.ends();
  t.is(end?.type, 'ReservationExpired');
  t.deepEqual(costsOf(t, end?.data ?? {}), [ourCost(helloTokens, 0)]);
  t.like(end?.data, { possibleCosts: [{ upstream: 'mock', asset: 'USD' }] });
  client.abort();
  await faultOf(t, call);
  // The call itself knows that the second one had not begun to answer.
  await eventually(() => calls.ends().length > 1);
  const [, late] = calls.ends();
  t.like(late, { type: 'LateSettlementPosted', data: { difference: '0', costs: [] } });
  t.deepEqual(suspenseOf(calls.ends()), { USD: '0' });
});

test('a call that outlives its swept hold books the difference to what was booked for it', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=1200&hang=mid', { defaultMaxOutput: 1_000 });
  const client = new AbortController();
  const chunks = chunksOf(await calls.call(stream, client.signal));
  let seen = 0;
  while (seen < 300) seen += (await chunks.next()).value?.length ?? 0;
  await eventually(() => calls.journal.notes.size > 0);
  await crashed(calls);
  while (seen < 600) seen += (await chunks.next()).value?.length ?? 0;
  const next = chunks.next();
  client.abort();
  await faultOf(t, next);
  await eventually(() => calls.ends().length > 1);
  const booked = calls.ends().flatMap(({ data }) => costsOf(t, data));
  t.is(sumOf(booked), ourCost(helloTokens, 600));
});

test('what a call consumed beyond its checkpoint costs us, also where nobody has credit for it', async (t) => {
  const calls = await upstream.on('gpt-4o?input=10&chunks=600', {
    ...{ credit: { CNY: cost(20, 1_000) }, defaultMaxOutput: 1_000 },
  });
  const chunks = chunksOf(await calls.call(stream));
  let seen = 0;
  while (seen < 300) seen += (await chunks.next()).value?.length ?? 0;
  await eventually(() => calls.journal.notes.size > 0);
  await crashed(calls);
  const { lots } = await calls.wallet();
  await calls.spend(canonical(sum(lots.values().map(({ free }) => free))));
  const rest = (async () => {
    while (!(await chunks.next()).done);
  })();
  const refused = await t.throwsAsync(rest, { instanceOf: Rejection });
  t.is(refused?.code, 'insufficient_quota');
  const [swept, late, ...more] = calls.ends();
  t.like(swept, { type: 'UsageSettled', data: { basis: 'checkpoint', swept: true } });
  t.is(late?.type, 'LateCostsPosted');
  const booked = calls.ends().flatMap(({ data }) => costsOf(t, data));
  t.is(booked.length, 2);
  t.is(sumOf(booked), ourCost(10, 600));
  t.deepEqual(suspenseOf(calls.ends()), {});
  t.deepEqual(more, []);
  await eventually(() => calls.metered.inFlight() === 0);
});
