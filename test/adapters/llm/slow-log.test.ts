import test from 'ava';
import { OutcomeUnknown } from '../../../src/adapters/eventstore/execute.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { eventually } from '../../support/eventually.ts';
import { bodyOf, chunksOf, textIn } from '../../support/paid-calls.ts';
import { endsWith, paidMockFor, suspenseOf } from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

test('a whole body waits until its charge is recorded', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const recorded = Promise.withResolvers<void>();
  let isAnswered = false;
  calls.log.next.after = () => {
    calls.log.next.after = () => recorded.promise;
  };
  const call = calls.call().then(() => {
    isAnswered = true;
  });
  await eventually(() => calls.ends().length === 1);
  t.false(isAnswered);
  recorded.resolve();
  await call;
  t.true(isAnswered);
});

test('of a stream only the end waits until the charge is recorded', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=3');
  const recorded = Promise.withResolvers<void>();
  calls.log.next.after = () => {
    calls.log.next.after = () => recorded.promise;
  };
  const chunks = chunksOf(
    await calls.call({ stream: true, stream_options: { include_usage: true } }),
  );
  const seen: Json[] = [];
  while (textIn(seen) !== ' word word word') seen.push(...((await chunks.next()).value ?? []));
  let isEnded = false;
  const rest = (async () => {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      if (next.value.some(({ usage }) => usage)) isEnded = true;
    }
  })();
  await eventually(() => calls.ends().length === 1);
  t.false(isEnded);
  recorded.resolve();
  await rest;
  t.true(isEnded);
});

test('a hold whose reservation is known too late is released', async (t) => {
  const calls = await upstream.on('gpt-4o', { patienceMs: 1_000 });
  const answered = Promise.withResolvers<void>();
  calls.log.next.after = () => answered.promise;
  await t.throwsAsync(calls.call(), { instanceOf: OutcomeUnknown });
  t.is(calls.metered.inFlight(), 1);
  answered.resolve();
  await eventually(() => calls.metered.inFlight() === 0);
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'abandoned' });
});

test('a reservation that is known too late, and was swept meanwhile, leaves no possible cost', async (t) => {
  const calls = await upstream.on('gpt-4o', { patienceMs: 1_000 });
  const answered = Promise.withResolvers<void>();
  calls.log.next.after = () => answered.promise;
  await t.throwsAsync(calls.call(), { instanceOf: OutcomeUnknown });
  const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
  await calls.expire(JSON.parse(JSON.stringify(reserved?.data)).call.callId);
  t.notDeepEqual(suspenseOf(calls.ends()), {});
  answered.resolve();
  await eventually(() => calls.metered.inFlight() === 0);
  t.deepEqual(suspenseOf(calls.ends()), { USD: '0' });
});

test('a settlement that the log acknowledges late is charged once and ends the answer', async (t) => {
  const calls = await upstream.on('gpt-4o', { patienceMs: 1_000 });
  calls.log.next.after = () => {
    calls.log.next.after = () => new Promise((resolve) => setTimeout(resolve, 2_500));
  };
  bodyOf(await calls.call());
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', outcome: 'completed' });
});
