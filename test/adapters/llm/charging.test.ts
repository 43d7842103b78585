import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { eventually } from '../../support/eventually.ts';
import { allChunks, bodyOf, chunksOf, textIn } from '../../support/paid-calls.ts';
import type { PaidMock } from '../../support/paid-mock.ts';
import {
  adapter,
  cost,
  costsOf,
  crashed,
  endsWith,
  faultOf,
  ourCost,
  paidMock,
  sumOf,
  suspenseOf,
  watched,
} from '../../support/paid-mock.ts';

let upstream: PaidMock;
test.before(async () => {
  upstream = await paidMock();
});
test.after.always(() => upstream.close());

const stream: Json = { stream: true };

/** "Hello" and what a template puts around it, as the mock's family counts. */
const helloTokens = 8;

test('a complete body is charged its usage', async (t) => {
  const calls = await upstream.on('gpt-4o?input=100&cached=40&chunks=5&reasoning=2');
  bodyOf(await calls.call());
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'usage',
    outcome: 'completed',
    charge: cost(60, 7, 40),
    costs: [ourCost(60, 7, 40)],
    usage: { input: 60, cachedInput: 40, output: 5, reasoning: 2 },
    upstream: 'mock',
  });
});

for (const usage of ['yes', 'inline', 'cumulative']) {
  test(`a complete stream is charged its usage (${usage})`, async (t) => {
    const calls = await upstream.on(`gpt-4o?input=9&chunks=5&usage=${usage}`);
    t.is(textIn(await allChunks(await calls.call(stream))), ' word'.repeat(5));
    await endsWith(t, calls, 'UsageSettled', {
      basis: 'usage',
      outcome: 'completed',
      charge: cost(9, 5),
      costs: [ourCost(9, 5)],
    });
  });
}

for (const usage of ['no', 'rubbish', 'early']) {
  for (const streams of [false, true]) {
    test(`a complete answer without usable usage is counted (${usage}, ${streams})`, async (t) => {
      const calls = await upstream.on(`gpt-4o?chunks=6&usage=${usage}`);
      const include = streams ? { stream_options: { include_usage: true } } : {};
      const answer = await calls.call({ stream: streams, ...include });
      const last = answer.stream ? (await allChunks(answer)).at(-1) : answer.body;
      t.like(last?.usage, { prompt_tokens: helloTokens, completion_tokens: 6 }, 'as charged');
      await endsWith(t, calls, 'UsageSettled', {
        basis: 'estimate',
        outcome: 'completed',
        charge: cost(helloTokens, 6),
        costs: [ourCost(helloTokens, 6)],
      });
    });
  }
}

test('an answer whose connection fails behind its last word is complete', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=6&cut=late');
  t.is(textIn(await allChunks(await calls.call(stream))), ' word'.repeat(6));
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    outcome: 'completed',
    charge: cost(helloTokens, 6),
    costs: [ourCost(helloTokens, 6)],
  });
});

/** A test in which time runs out has the machine to itself. */
const limited = (how: string) => (how.startsWith('hang') ? test.serial : test);

const nothing: readonly string[] = [];
/** An upstream that has begun to answer has read the input, whatever came of it. */
const input = [ourCost(helloTokens, 0)];

const thrice = (each: string): readonly string[] => [each, each, each];

const failures = [
  ['status=500', 'upstream_failed', 'upstream_failed', nothing],
  ['status=401', 'upstream_failed', 'upstream_failed', nothing],
  ['status=429', 'upstream_limited', 'upstream_failed', nothing],
  ['status=400', 'upstream_refused', 'refused', nothing],
  ['rubbish=first', 'upstream_failed', 'upstream_failed', input],
  // Such a fault may pass, so that it is asked three times.
  ['cut=socket&chunks=1', 'upstream_failed', 'upstream_failed', thrice(ourCost(helloTokens, 1))],
  ['hang=headers', 'upstream_timed_out', 'upstream_timed_out', nothing],
  ['hang=first', 'upstream_timed_out', 'upstream_timed_out', input],
] as const;

for (const streams of [false, true]) {
  for (const [how, code, outcome, costs] of failures) {
    if (streams && how.startsWith('cut')) continue;
    limited(how)(`an error before the first byte costs nothing (${how}, ${streams})`, async (t) => {
      const calls = await upstream.on(`gpt-4o?${how}`, { impatient: how.startsWith('hang') });
      t.is(await faultOf(t, calls.call({ stream: streams })), code);
      await endsWith(t, calls, 'ReservationReleased', { outcome, costs });
    });
  }
}

const breaks = [
  ['cut=socket', 'upstream_failed', 2],
  ['cut=early', 'upstream_failed', 2],
  ['cut=error', 'upstream_failed', 2],
  ['rubbish=mid', 'upstream_failed', 2],
  ['hang=mid', 'upstream_timed_out', 2],
] as const;

for (const [how, code, words] of breaks) {
  limited(how)(
    `an upstream that fails in the middle of its stream costs nothing (${how})`,
    async (t) => {
      const calls = await upstream.on(`gpt-4o?${how}&delay=5`, { impatient: how === 'hang=mid' });
      const answer = await calls.call(stream);
      t.is(await faultOf(t, allChunks(answer)), code);
      const costs = [ourCost(helloTokens, words)];
      await endsWith(t, calls, 'ReservationReleased', { outcome: code, costs });
    },
  );
}

test('an upstream that cannot be reached costs nothing', async (t) => {
  const nobody = adapter('http://127.0.0.1:9/v1', 5_000);
  const calls = await upstream.on('gpt-4o', { upstreams: [nobody] });
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed', costs: [] });
  await nobody.close();
});

for (const streams of [false, true]) {
  test(`a client that goes before the upstream’s headers pays nothing (${streams})`, async (t) => {
    const calls = await upstream.on('gpt-4o?hang=headers');
    const client = new AbortController();
    const asked = upstream.mock.asked.length;
    const call = calls.call({ stream: streams }, client.signal);
    await eventually(() => upstream.mock.asked.length > asked);
    client.abort();
    t.is(await faultOf(t, call), 'client_closed');
    await endsWith(t, calls, 'ReservationReleased', { outcome: 'client_closed', costs: [] });
  });
}

test('a client that is gone before anything was reserved leaves no trace', async (t) => {
  const calls = await upstream.on('gpt-4o');
  t.is(await faultOf(t, calls.call({}, AbortSignal.abort())), 'client_closed');
  t.deepEqual(calls.ends(), []);
  t.is(calls.metered.inFlight(), 0);
});

test('a client that hangs up mid-stream pays the input and what was received', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=6&hang=mid');
  const client = new AbortController();
  const chunks = chunksOf(await calls.call(stream, client.signal));
  for (let seen = 0; seen < 3; ) seen += (await chunks.next()).value?.length ?? 0;
  const last = chunks.next();
  client.abort();
  t.is(await faultOf(t, last), 'client_closed');
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    outcome: 'client_closed',
    charge: cost(helloTokens, 3),
    costs: [ourCost(helloTokens, 3)],
  });
});

test('a reader that leaves the stream pays the same', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=1000&delay=5');
  const chunks = chunksOf(await calls.call({ ...stream, max_tokens: 1_000 }));
  await chunks.next();
  await chunks.return?.();
  await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', outcome: 'client_closed' });
  await eventually(() => upstream.mock.abandoned() > 0);
});

test('where routes drain, a client that hangs up before the headers pays nothing all the same', async (t) => {
  const calls = await upstream.on('gpt-4o?hang=headers', { hangUp: 'drain' });
  const client = new AbortController();
  const asked = upstream.mock.asked.length;
  const call = calls.call(stream, client.signal);
  await eventually(() => upstream.mock.asked.length > asked);
  client.abort();
  t.is(await faultOf(t, call), 'client_closed');
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'client_closed' });
});

test('where routes drain, an upstream that breaks off with nobody listening costs nothing', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=6&cut=socket&delay=20', { hangUp: 'drain' });
  const client = new AbortController();
  const chunks = chunksOf(await calls.call(stream, client.signal));
  await chunks.next();
  client.abort();
  await chunks.return?.();
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

for (const hangUp of ['cancel', 'drain'] as const) {
  test(`a client that hangs up between two attempts pays nothing for the one that failed (${hangUp})`, async (t) => {
    const models = [
      `between-${hangUp}?status=429&after=1&fails=1`,
      `broken-${hangUp}?rubbish=first`,
    ];
    const calls = await upstream.on(models, { hangUp });
    const client = new AbortController();
    const call = calls.call(stream, client.signal);
    await eventually(() => upstream.mock.asked.some(({ model }) => model === models[1]));
    // Its answer has failed, and the pause before the next attempt goes on.
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.abort();
    t.is(await faultOf(t, call), 'client_closed');
    await endsWith(t, calls, 'ReservationReleased', { outcome: 'client_closed' });
    t.is(upstream.mock.asked.filter(({ model }) => model === models[0]).length, 1);
  });
}

test('a client that hangs up after the headers pays the input, and no word that did not come', async (t) => {
  const { upstream: begins, answering } = watched(upstream.adapter);
  const calls = await upstream.on('gpt-4o?hang=first', { upstreams: [begins] });
  const client = new AbortController();
  const call = calls.call(stream, client.signal);
  await answering;
  client.abort();
  t.is(await faultOf(t, call), 'client_closed');
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    charge: cost(helloTokens, 0),
    costs: input,
  });
});

test('a client that hangs up while a body comes pays what was received of it', async (t) => {
  const { upstream: begins, answering } = watched(upstream.adapter);
  const calls = await upstream.on('gpt-4o?chunks=8&hang=mid', { upstreams: [begins] });
  const client = new AbortController();
  const call = calls.call({}, client.signal);
  const answer = await answering;
  await eventually(() => !answer.stream && answer.partial().endsWith('word'));
  client.abort();
  t.is(await faultOf(t, call), 'client_closed');
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    charge: cost(helloTokens, 4),
    costs: [ourCost(helloTokens, 4)],
  });
});

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

test('a client that stopped reading pays what it took', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=1000&delay=2');
  const client = new AbortController();
  const chunks = chunksOf(await calls.call({ ...stream, max_tokens: 1_000 }, client.signal));
  const first = await chunks.next();
  const second = await chunks.next();
  client.abort('client_stalled');
  const taken = first.value?.length ?? 0;
  const received = taken + (second.value?.length ?? 0);
  t.true(received > taken);
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    outcome: 'timed_out',
    charge: cost(helloTokens, taken),
    // The upstream charges us for what the client didn't take, too.
    costs: [ourCost(helloTokens, received)],
  });
  t.is(await faultOf(t, chunks.next()), 'client_stalled');
});

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

test('after our crash a call of which nothing is known costs nothing', async (t) => {
  const calls = await upstream.on('gpt-4o?hang=headers');
  const client = new AbortController();
  const asked = upstream.mock.asked.length;
  const call = calls.call({}, client.signal);
  await eventually(() => upstream.mock.asked.length > asked);
  await crashed(calls);
  const [end] = calls.ends();
  t.is(end?.type, 'ReservationExpired');
  t.like(end?.data, { basis: 'no_evidence', outcome: 'abandoned', possibleCosts: [] });
  client.abort();
  await faultOf(t, call);
});

const failover = (first: string) => [`gpt-4o?${first}`, 'gpt-4o?input=30&chunks=4'];

test('an upstream that failed before it answered has cost nothing, the next one has', async (t) => {
  const calls = await upstream.on(failover('status=500'), { retrying: { retries: 0 } });
  bodyOf(await calls.call());
  await endsWith(t, calls, 'UsageSettled', { charge: cost(30, 4), costs: [ourCost(30, 4)] });
});

for (const [how, words] of [
  ['rubbish=first', 0],
  ['cut=socket&chunks=6', 3],
] as const) {
  test(`an attempt that failed while it was answered costs us what came of it (${how})`, async (t) => {
    const calls = await upstream.on(failover(how), { retrying: { retries: 0 } });
    bodyOf(await calls.call());
    await endsWith(t, calls, 'UsageSettled', {
      charge: cost(30, 4),
      costs: [ourCost(helloTokens, words), ourCost(30, 4)],
    });
  });
}

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
  t.deepEqual(costsOf(t, end?.data ?? {}), input);
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
