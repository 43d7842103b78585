import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import type { EndpointCase } from '../../support/endpoint-cases.ts';
import { endpointCases } from '../../support/endpoint-cases.ts';
import { eventually } from '../../support/eventually.ts';
import { allChunks, bodyOf, chunksOf } from '../../support/paid-calls.ts';
import type { PaidMock } from '../../support/paid-mock.ts';
import { crashed, endsWith, faultOf, paidMockFor, watched } from '../../support/paid-mock.ts';

/** MONEY's table, each row on each endpoint; of chats in writing the other `charging` tests have it at length. */
const upstream = paidMockFor(test);

/** Calls of an endpoint on the mock, which behaves so. */
const callsOf = (
  { model, ...asking }: EndpointCase,
  how = '',
  more: Parameters<PaidMock['on']>[1] = {},
) => upstream.on(how === '' ? model : `${model}&${how}`, { ...asking, ...more });

const wholes = endpointCases.filter(({ streams }) => streams !== 'always');
const streamed = endpointCases.filter(({ streams }) => streams !== 'never');
const streaming = ({ body = {}, streamBody = body, streams }: EndpointCase): Json =>
  streams === 'asked' ? { ...streamBody, stream: true } : body;

for (const each of wholes) {
  test(`${each.name}: a complete body is charged its usage`, async (t) => {
    const calls = await callsOf(each);
    bodyOf(await calls.call(each.body));
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', ...each.complete });
  });

  test(`${each.name}: a complete body without a usage is counted`, async (t) => {
    for (const usage of ['no', 'rubbish']) {
      const calls = await callsOf(each, `usage=${usage}`);
      bodyOf(await calls.call(each.body));
      await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', ...each.uncounted });
    }
  });

  test(`${each.name}: a client that goes while a body comes pays the input and what was received`, async (t) => {
    const { upstream: begins, answering } = watched(upstream.adapter);
    const calls = await callsOf(each, 'hang=mid', { upstreams: [begins] });
    const client = new AbortController();
    const call = calls.call(each.body, client.signal);
    const answer = await answering;
    await eventually(() => !answer.stream && answer.partial() !== '');
    client.abort();
    t.is(await faultOf(t, call), 'client_closed');
    await endsWith(t, calls, 'UsageSettled', {
      ...{ basis: 'estimate', outcome: 'client_closed' },
      ...each.halfReceived,
    });
  });
}

for (const each of wholes) {
  test(`${each.name}: where routes drain, a client that goes while a body comes pays all of it`, async (t) => {
    const { upstream: begins, answering } = watched(upstream.adapter);
    const calls = await callsOf(each, 'delay=20', { hangUp: 'drain', upstreams: [begins] });
    const client = new AbortController();
    const call = calls.call(each.body, client.signal);
    await answering;
    client.abort();
    await call;
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', ...each.complete });
  });
}

for (const each of streamed) {
  test(`${each.name}: a complete stream is charged its usage`, async (t) => {
    const calls = await callsOf(each);
    t.true((await allChunks(await calls.call(streaming(each)))).length > 0);
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', ...each.complete });
  });

  test(`${each.name}: a complete stream without a usage is counted`, async (t) => {
    const calls = await callsOf(each, 'usage=no');
    await allChunks(await calls.call(streaming(each)));
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', ...each.uncounted });
  });

  test(`${each.name}: an upstream that fails in the middle of its stream costs nothing`, async (t) => {
    for (const how of ['cut=socket', 'hang=mid']) {
      const impatient = how === 'hang=mid';
      const calls = await callsOf(each, `${how}&delay=5`, { impatient });
      const code = impatient ? 'upstream_timed_out' : 'upstream_failed';
      t.is(await faultOf(t, calls.call(streaming(each)).then(allChunks)), code);
      await endsWith(t, calls, 'ReservationReleased', { outcome: code });
    }
  });

  test(`${each.name}: a client that hangs up mid-stream pays the input and what was received`, async (t) => {
    const calls = await callsOf(each, 'hang=mid');
    const client = new AbortController();
    const chunks = chunksOf(await calls.call(streaming(each), client.signal));
    for (let seen = 0; seen < each.half; ) seen += (await chunks.next()).value?.length ?? 0;
    const last = readOn(chunks);
    client.abort();
    t.is(await faultOf(t, last), 'client_closed');
    await endsWith(t, calls, 'UsageSettled', {
      ...{ basis: 'estimate', outcome: 'client_closed' },
      ...each.halfStreamed,
    });
  });

  test(`${each.name}: where routes drain, a client that hangs up pays what the upstream says of the whole`, async (t) => {
    const calls = await callsOf(each, 'delay=20', { hangUp: 'drain' });
    const client = new AbortController();
    const chunks = chunksOf(await calls.call(streaming(each), client.signal));
    for (let seen = 0; seen < each.half; ) seen += (await chunks.next()).value?.length ?? 0;
    client.abort();
    await chunks.return?.();
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', ...each.complete });
  });

  test.serial(
    `${each.name}: what we end after its first byte is charged what was delivered`,
    async (t) => {
      const calls = await callsOf(each, 'hang=mid', { totalMs: 1_500 });
      const answer = await calls.call(streaming(each));
      t.is(await faultOf(t, allChunks(answer)), 'timed_out');
      await endsWith(t, calls, 'UsageSettled', {
        ...{ basis: 'estimate', outcome: 'timed_out' },
        ...each.halfStreamed,
      });
    },
  );

  test(`${each.name}: a shutdown charges what was delivered`, async (t) => {
    const calls = await callsOf(each, 'hang=mid');
    const chunks = chunksOf(await calls.call(streaming(each)));
    for (let seen = 0; seen < each.half; ) seen += (await chunks.next()).value?.length ?? 0;
    const [code] = await Promise.all([faultOf(t, readOn(chunks)), calls.metered.drain(50)]);
    t.is(code, 'shut_down');
    await endsWith(t, calls, 'UsageSettled', { outcome: 'shut_down', ...each.halfStreamed });
  });

  test(`${each.name}: a client that stopped reading pays what it took`, async (t) => {
    const calls = await callsOf(each, 'hang=mid');
    const client = new AbortController();
    const chunks = chunksOf(await calls.call(streaming(each), client.signal));
    for (let seen = 0; seen < each.half; ) seen += (await chunks.next()).value?.length ?? 0;
    const last = readOn(chunks);
    client.abort('client_stalled');
    t.is(await faultOf(t, last), 'client_stalled');
    await endsWith(t, calls, 'UsageSettled', { outcome: 'timed_out', ...each.halfStreamed });
  });

  test(`${each.name}: after our crash what was checkpointed is charged`, async (t) => {
    const calls = await callsOf(each, 'hang=mid');
    const client = new AbortController();
    const chunks = chunksOf(await calls.call(streaming(each), client.signal));
    for (let seen = 0; seen < each.half; ) seen += (await chunks.next()).value?.length ?? 0;
    const last = readOn(chunks);
    last.catch(() => undefined);
    await eventually(() => [...calls.journal.notes.values()][0]?.counted !== undefined);
    await crashed(calls);
    const [end] = calls.ends();
    t.is(end?.type, 'UsageSettled');
    t.like(end?.data, { basis: 'checkpoint', outcome: 'abandoned', ...each.halfStreamed });
    client.abort();
    await t.throwsAsync(last);
    await eventually(() => calls.metered.inFlight() === 0);
  });
}

const drawn = /^(edited )?images/;

for (const each of streamed.filter(({ name }) => name !== 'speech')) {
  test(`${each.name}: an error in the midst of its stream has its meaning, and costs nothing`, async (t) => {
    const blocked = drawn.test(each.name) ? 'content_policy_violation' : 'content_filter';
    for (const [code, meaning, outcome] of [
      ['content_policy_violation', blocked, 'refused'],
      ['rate_limit_exceeded', 'upstream_limited', 'upstream_failed'],
      ['429', 'upstream_limited', 'upstream_failed'],
      ['server_error', 'upstream_failed', 'upstream_failed'],
    ] as const) {
      const calls = await callsOf(each, `cut=error&delay=5&code=${code}`);
      t.is(await faultOf(t, calls.call(streaming(each)).then(allChunks)), meaning, code);
      await endsWith(t, calls, 'ReservationReleased', { outcome });
    }
  });
}

/** Whatever still comes; it resolves when nothing does. */
async function readOn(chunks: AsyncIterator<readonly Json[]>): Promise<void> {
  while (!(await chunks.next()).done);
}

const failures = [
  ['status=500', 'upstream_failed', 'upstream_failed'],
  ['status=429', 'upstream_limited', 'upstream_failed'],
  ['status=400', 'upstream_refused', 'refused'],
] as const;

for (const each of endpointCases) {
  const asks = each.streams === 'never' ? (each.body ?? {}) : streaming(each);

  test(`${each.name}: an error before the first byte costs nothing`, async (t) => {
    for (const [how, code, outcome] of failures) {
      const calls = await callsOf(each, how);
      t.is(await faultOf(t, calls.call(asks)), code, how);
      await endsWith(t, calls, 'ReservationReleased', { outcome });
    }
  });

  test(`${each.name}: an upstream that stays silent costs nothing`, async (t) => {
    for (const how of ['hang=headers', 'hang=first']) {
      const calls = await callsOf(each, how, { impatient: true });
      t.is(await faultOf(t, calls.call(asks)), 'upstream_timed_out', how);
      await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_timed_out' });
    }
  });

  test(`${each.name}: a call that takes too long before its first byte costs nothing`, async (t) => {
    const calls = await callsOf(each, 'hang=first', { totalMs: 300 });
    t.is(await faultOf(t, calls.call(asks)), 'timed_out');
    await endsWith(t, calls, 'ReservationReleased', { outcome: 'timed_out' });
  });

  test(`${each.name}: another upstream answers where the first one fails, under one hold`, async (t) => {
    const calls = await upstream.on([`${each.model}&status=500`, each.model], { ...each });
    const answer = await calls.call(asks);
    if (answer.stream) await allChunks(answer);
    await endsWith(t, calls, 'UsageSettled', { upstreamModel: each.model, ...each.complete });
  });

  test(`${each.name}: a client that goes before the upstream’s headers pays nothing`, async (t) => {
    const calls = await callsOf(each, 'hang=headers');
    const client = new AbortController();
    const asked = upstream.mock.asked.length;
    const call = calls.call(asks, client.signal);
    await eventually(() => upstream.mock.asked.length > asked);
    client.abort();
    t.is(await faultOf(t, call), 'client_closed');
    await endsWith(t, calls, 'ReservationReleased', { outcome: 'client_closed' });
  });

  test(`${each.name}: a client that goes after them pays the input`, async (t) => {
    const { upstream: begins, answering } = watched(upstream.adapter);
    const calls = await callsOf(each, 'hang=first', { upstreams: [begins] });
    const client = new AbortController();
    const call = calls.call(asks, client.signal);
    await answering;
    client.abort();
    t.is(await faultOf(t, call), 'client_closed');
    await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', ...each.inputOnly });
  });

  test(`${each.name}: after our crash the usage in the journal is charged`, async (t) => {
    const calls = await callsOf(each, '', { patience: { journalMs: 50, answerMs: 60_000 } });
    const back = Promise.withResolvers<void>();
    calls.log.next.after = () => {
      calls.log.next.before = () => back.promise;
    };
    const answer = await calls.call(asks);
    if (answer.stream) await allChunks(answer);
    t.deepEqual(calls.ends(), []);
    await crashed(calls);
    const { basis, ...charged } = each.complete;
    t.like(calls.ends()[0], {
      type: 'UsageSettled',
      data: { swept: true, basis: basis === 'usage' ? 'usage' : 'checkpoint', ...charged },
    });
    back.resolve();
    await eventually(() => calls.metered.inFlight() === 0);
  });

  test(`${each.name}: after our crash a call of which nothing is known costs nothing`, async (t) => {
    const calls = await callsOf(each, 'hang=headers');
    const client = new AbortController();
    const asked = upstream.mock.asked.length;
    const call = calls.call(asks, client.signal);
    await eventually(() => upstream.mock.asked.length > asked);
    await crashed(calls);
    t.like(calls.ends()[0], { type: 'ReservationExpired', data: { basis: 'no_evidence' } });
    client.abort();
    await faultOf(t, call);
  });
}

test('pictures that an upstream sells by the piece cost so, however members pay for them', async (t) => {
  const model = 'gpt-image-1?input=50&chunks=2';
  const prices = {
    input: '1',
    cachedInput: '0.5',
    output: '3',
    imageInput: '8',
    imageOutput: '30',
  };
  const own = { currency: 'USD', input: '0.2', cachedInput: '0.1', output: '0.9', image: '0.02' };
  const bodies: readonly Json[] = [{}, { stream: true }];
  for (const body of bodies) {
    const calls = await upstream.on(model, {
      ...{ endpoint: 'image_generations', prices },
      models: [{ upstream: 'mock', model, cost: own }],
    });
    const answer = await calls.call(body);
    if (answer.stream) await allChunks(answer);
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', costs: ['0.02'] });
  }
});
