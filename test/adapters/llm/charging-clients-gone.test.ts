import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { eventually } from '../../support/eventually.ts';
import { chunksOf } from '../../support/paid-calls.ts';
import {
  cost,
  endsWith,
  faultOf,
  helloTokens,
  ourCost,
  paidMockFor,
  watched,
} from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const stream: Json = { stream: true };

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
    costs: [ourCost(helloTokens, 0)],
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
