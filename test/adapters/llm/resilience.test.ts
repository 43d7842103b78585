import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { eventually } from '../../support/eventually.ts';
import type { PaidCalls } from '../../support/paid-calls.ts';
import { allChunks, bodyOf, textIn } from '../../support/paid-calls.ts';
import { adapter, cost, endsWith, faultOf, paidMockFor } from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const stream: Json = { stream: true };

/** How often each model was asked; every test has models of its own. */
const timesAsked = (...models: readonly string[]): readonly number[] =>
  models.map((model) => upstream.mock.asked.filter((each) => each.model === model).length);

const holdsOf = (calls: PaidCalls): number =>
  calls.log.events.filter(({ type }) => type === 'CreditReserved').length;

for (const status of [408, 429, 500, 503]) {
  for (const streams of [false, true]) {
    test(`what may pass is tried again under the same hold (${status}, ${streams})`, async (t) => {
      const model = `again?chunks=2&fails=2&status=${status}&stream=${streams}`;
      const calls = await upstream.on(model);
      const answer = await calls.call({ stream: streams });
      if (answer.stream) t.is(textIn(await allChunks(answer)), ' word word');
      t.deepEqual(timesAsked(model), [3]);
      t.is(holdsOf(calls), 1);
      await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', charge: cost(10, 2) });
    });
  }
}

for (const status of [401, 403, 404]) {
  test(`what does not pass is not tried again (${status})`, async (t) => {
    const model = `once?status=${status}`;
    const calls = await upstream.on(model);
    t.is(await faultOf(t, calls.call()), 'upstream_failed');
    t.deepEqual(timesAsked(model), [1]);
    await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
  });
}

test('a connection that cannot be made is tried again, as often as the settings say', async (t) => {
  const nobody = adapter('http://127.0.0.1:9/v1', 5_000);
  let asked = 0;
  const counted = {
    ...nobody,
    ask(request: Parameters<typeof nobody.ask>[0]) {
      asked += 1;
      return nobody.ask(request);
    },
  };
  const calls = await upstream.on('any', { upstreams: [counted], retrying: { retries: 1 } });
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
  t.is(asked, 2);
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
  await nobody.close();
});

test('the next candidate is asked before the same one again', async (t) => {
  const models = ['first?status=500', 'second?chunks=3'];
  const calls = await upstream.on(models);
  t.is(textIn(await allChunks(await calls.call(stream))), ' word word word');
  t.deepEqual(timesAsked(...models), [1, 1]);
  t.is(holdsOf(calls), 1);
  await endsWith(t, calls, 'UsageSettled', { upstreamModel: models[1], charge: cost(10, 3) });
});

test('when every candidate fails, all are asked again, and no more often than the settings say', async (t) => {
  const models = ['all-a?status=500', 'all-b?status=503', 'all-c?status=404'];
  const calls = await upstream.on(models, { retrying: { retries: 2 }, circuitOpenMs: 0 });
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
  t.deepEqual(timesAsked(...models), [3, 3, 1]);
  t.is(holdsOf(calls), 1);
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('attempts of one call are bounded', async (t) => {
  const models = ['a', 'b', 'c', 'd'].map((name) => `bounded-${name}?status=500`);
  const calls = await upstream.on(models, { retrying: { attempts: 3 } });
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
  t.deepEqual(timesAsked(...models), [1, 1, 1, 0]);
});

test('no attempt begins when the time for attempts is over', async (t) => {
  const model = 'windowed?status=500';
  const calls = await upstream.on(model, { retrying: { windowMs: 0 } });
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
  t.deepEqual(timesAsked(model), [1]);
});

test('who asks for a pause is asked again after it', async (t) => {
  const model = 'patient?status=429&after=1&fails=1';
  const calls = await upstream.on(model);
  bodyOf(await calls.call());
  t.deepEqual(timesAsked(model), [2]);
  await endsWith(t, calls, 'UsageSettled', { outcome: 'completed' });
});

test('a pause beyond the longest is not waited for: a call is limited when all candidates are', async (t) => {
  const models = ['limited-a?status=429&after=90', 'limited-b?status=429&after=40'];
  const calls = await upstream.on(models);
  const fault = await t.throwsAsync(calls.call(), { instanceOf: CallFault });
  t.is(fault?.code, 'upstream_limited');
  t.deepEqual(fault?.values, { seconds: 41 });
  t.deepEqual(timesAsked(...models), [1, 1]);
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('while all cool down, a call is told so and nobody is asked', async (t) => {
  const model = 'cooling?status=429&after=60';
  const calls = await upstream.on(model);
  t.is(await faultOf(t, calls.call()), 'upstream_limited');
  t.is(await faultOf(t, calls.call()), 'upstream_limited');
  t.deepEqual(timesAsked(model), [1]);
  t.is((await calls.wallet()).holds.size, 0);
});

test('a call is not limited while another candidate only fails', async (t) => {
  const models = ['mixed-a?status=429&after=90', 'mixed-b?status=404'];
  const calls = await upstream.on(models);
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
});

test('an upstream that fails is left alone, and one call finds out that it is back', async (t) => {
  const [bad, good] = ['sick?status=500&fails=5', 'well'];
  const sick = adapter(`${upstream.mock.url}/v1`, 20_000);
  const other = { ...adapter(`${upstream.mock.url}/v1`, 20_000), id: 'other' };
  const calls = await upstream.on('any', {
    upstreams: [sick, other],
    models: [
      { upstream: 'mock', model: bad },
      { upstream: 'other', model: good },
    ],
    circuitOpenMs: 300,
  });
  for (let n = 0; n < 8; n += 1) bodyOf(await calls.call());
  t.deepEqual(timesAsked(bad, good), [5, 8], 'after five failures it is asked no more');
  await eventually(async () => {
    bodyOf(await calls.call());
    return (timesAsked(bad)[0] ?? 0) >= 7;
  });
  const [, before] = timesAsked(bad, good);
  bodyOf(await calls.call());
  t.is(timesAsked(good)[0], before, 'it is the first again');
  await Promise.all([sick.close(), other.close()]);
});

test('an upstream that is left alone is asked all the same when nobody else is left', async (t) => {
  const model = 'alone?status=500&fails=6';
  const calls = await upstream.on(model, { circuitOpenMs: 60_000, retrying: { retries: 2 } });
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
  t.is(await faultOf(t, calls.call()), 'upstream_failed');
  bodyOf(await calls.call());
  t.deepEqual(timesAsked(model), [7]);
});

test('an upstream that was begun is never replaced: after the first byte the call fails', async (t) => {
  const models = ['begun?cut=early', 'never-begun'];
  const calls = await upstream.on(models);
  const answer = await calls.call(stream);
  t.is(await faultOf(t, allChunks(answer)), 'upstream_failed');
  t.deepEqual(timesAsked(...models), [1, 0]);
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});

test('every attempt is in the journal, so that what it may cost us is known after a crash', async (t) => {
  const models = ['noted-a?status=500', 'noted-b?hang=headers'];
  const calls = await upstream.on(models);
  const client = new AbortController();
  const call = calls.call({}, client.signal);
  await eventually(() => calls.journal.notes.size > 0 && timesAsked(...models).join() === '1,1');
  const [note] = [...calls.journal.notes.values()];
  t.deepEqual(
    note?.asked.map(({ model }) => model),
    models,
  );
  client.abort();
  t.is(await faultOf(t, call), 'client_closed');
});

test('a client that goes while a call waits to ask again ends it', async (t) => {
  const model = 'waiting?status=429&after=1';
  const calls = await upstream.on(model);
  const client = new AbortController();
  const call = calls.call({}, client.signal);
  await eventually(() => timesAsked(model)[0] === 1);
  client.abort();
  t.is(await faultOf(t, call), 'client_closed');
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'client_closed' });
  t.deepEqual(timesAsked(model), [1]);
});

for (const strategy of ['cheapest', 'priority'] as const) {
  test(`a route’s strategy decides who is asked (${strategy})`, async (t) => {
    const price = (input: string) => ({ input, cachedInput: input, output: input });
    const [dear, cheap] = [`dear-${strategy}`, `cheap-${strategy}`];
    const calls = await upstream.on('any', {
      route: {
        strategy,
        scoring: { load: 1, cost: 1, latency: 1, health: 1 },
        sticky: true,
        candidates: [
          { upstream: 'mock', model: dear, weight: 99, priority: 2, cost: price('2') },
          { upstream: 'mock', model: cheap, weight: 1, priority: 1, cost: price('1') },
        ],
      },
    });
    for (let n = 0; n < 5; n += 1) bodyOf(await calls.call());
    t.deepEqual(timesAsked(dear, cheap), [0, 5]);
  });
}
