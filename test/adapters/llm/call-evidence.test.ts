import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { eventually } from '../../support/eventually.ts';
import { allChunks, bodyOf, chunksOf } from '../../support/paid-calls.ts';
import { cost, crashed, endsWith, faultOf, paidMockFor } from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const stream: Json = { stream: true };

test('the journal has the very usage that the log was late to take', async (t) => {
  const calls = await upstream.on('gpt-4o?input=100&cached=40&chunks=5', {
    patience: { journalMs: 50, answerMs: 60_000 },
  });
  const back = Promise.withResolvers<void>();
  calls.log.next.after = () => {
    calls.log.next.before = () => back.promise;
  };
  bodyOf(await calls.call());
  const [note] = calls.journal.notes.values();
  t.like(note, {
    walletId: calls.walletId,
    asked: [{ upstream: 'mock' }],
    counted: { basis: 'usage', usage: { input: 60, cachedInput: 40, output: 5, reasoning: 0 } },
    ending: { outcome: 'completed' },
  });
  back.resolve();
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(60, 5, 40) });
  await eventually(() => calls.journal.notes.size === 0);
});

test('without log and journal an answer is not completed', async (t) => {
  const calls = await upstream.on('gpt-4o', { patience: { journalMs: 20, answerMs: 200 } });
  const back = Promise.withResolvers<void>();
  calls.journal.away = true;
  calls.log.next.after = () => {
    calls.log.next.before = () => back.promise;
  };
  t.is(await faultOf(t, calls.call()), 'charge_unknown');
  back.resolve();
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage' });
});

test('a call whose notes were taken does not count on the journal', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=3', {
    patience: { journalMs: 20, answerMs: 400 },
  });
  const chunks = chunksOf(await calls.call(stream));
  const [hold] = (await calls.wallet()).holds.values();
  const open = { callId: hold?.call.callId ?? '', walletId: '', processId: '', requestId: '' };
  await calls.journal.take([{ ...open, beganAt: '' }]);
  const back = Promise.withResolvers<void>();
  calls.log.next.before = () => back.promise;
  const rest = (async () => {
    while (!(await chunks.next()).done);
  })();
  t.is(await faultOf(t, rest), 'charge_unknown');
  back.resolve();
  await eventually(() => calls.metered.inFlight() === 0);
});

test('a short call leaves nothing in the journal', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=20');
  await allChunks(await calls.call(stream));
  bodyOf(await calls.call());
  t.deepEqual(calls.journal.asked, []);
});

test('a failover is noted with every upstream that was asked', async (t) => {
  const calls = await upstream.on(['gpt-4o?status=500', 'gpt-4o-mini?hang=headers']);
  const client = new AbortController();
  const call = calls.call({}, client.signal);
  await eventually(() => calls.journal.notes.size === 1);
  const [note] = calls.journal.notes.values();
  t.deepEqual(
    note?.asked.map(({ model }) => model),
    ['gpt-4o?status=500', 'gpt-4o-mini?hang=headers'],
  );
  t.is(note?.counted, null);
  client.abort();
  await faultOf(t, call);
  await eventually(() => calls.journal.notes.size === 0);
});

for (const credit of [{ CNY: '1' }, { requests: '1', CNY: '1' }]) {
  test(`an upstream that fails after a checkpoint gives back the charge of ${Object.keys(credit)[0]}`, async (t) => {
    const calls = await upstream.on('gpt-4o?chunks=600&cut=error&delay=2', {
      defaultMaxOutput: 1_000,
      credit,
    });
    const chunks = chunksOf(await calls.call(stream));
    for (let seen = 0; seen < 260; ) seen += (await chunks.next()).value?.length ?? 0;
    await eventually(() => calls.journal.notes.size === 1);
    await crashed(calls);
    const rest = (async () => {
      while (!(await chunks.next()).done);
    })();
    t.is(await faultOf(t, rest), 'upstream_failed');
    await eventually(() => calls.ends().length === 2);
    const [swept, late] = calls.ends();
    t.is(swept?.type, 'UsageSettled');
    t.is(late?.type, 'LateSettlementPosted');
    t.like(late?.data, { charge: '0' });
  });
}
