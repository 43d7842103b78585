import test from 'ava';
import { sandboxUpstream } from '../../../src/adapters/llm/sandbox.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { Decimal, zero } from '../../../src/domain/money.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { eventually } from '../../support/eventually.ts';
import type { PaidCalls } from '../../support/paid-calls.ts';
import { allChunks, aPdf, bodyOf, chunksOf, paidCalls, textIn } from '../../support/paid-calls.ts';
import {
  cost,
  costsOf,
  crashed,
  endsWith,
  faultOf,
  ourCost,
  paidMockFor,
  suspenseOf,
} from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const stream: Json = { stream: true };

const chargeOf = (end: { readonly data: Json } | undefined): string =>
  JSON.parse(JSON.stringify(end?.data)).charge;

const sandbox = sandboxUpstream();
test('a failing candidate gives way to the next one, under the same hold', async (t) => {
  const calls = await upstream.on([
    'gpt-4o?status=500',
    'gpt-4o?rubbish=first',
    'gpt-4o-mini?chunks=2',
  ]);
  t.is(textIn(await allChunks(await calls.call(stream))), ' word word');
  t.is(calls.log.events.filter(({ type }) => type === 'CreditReserved').length, 1);
  await endsWith(t, calls, 'UsageSettled', {
    upstreamModel: 'gpt-4o-mini?chunks=2',
    charge: cost(10, 2),
  });
});

test('a refused request is not tried on the next candidate', async (t) => {
  const calls = await upstream.on(['gpt-4o?status=400', 'gpt-4o']);
  t.is(await faultOf(t, calls.call()), 'upstream_refused');
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'refused' });
});

const tooLong = 'gpt-4o?status=400&message=This model has a maximum context length of 9 tokens.';

test('a request that is too long for one candidate goes to the next one, under the same hold', async (t) => {
  const calls = await upstream.on([tooLong, 'gpt-4o-mini?chunks=2']);
  t.is(textIn(await allChunks(await calls.call(stream))), ' word word');
  t.is(calls.log.events.filter(({ type }) => type === 'CreditReserved').length, 1);
  await endsWith(t, calls, 'UsageSettled', { upstreamModel: 'gpt-4o-mini?chunks=2' });
});

test('a request that is too long for all is refused as that', async (t) => {
  const calls = await upstream.on([tooLong, `${tooLong}&fails=9`]);
  t.is(await faultOf(t, calls.call()), 'context_length_exceeded');
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'refused' });
});

test('a usage above the bound is charged up to it, the rest is an overrun of its own', async (t) => {
  const calls = await upstream.on('gpt-4o?input=10&output=500', { defaultMaxOutput: 100 });
  await calls.call();
  const { lots } = await calls.wallet();
  const [settled, overage] = calls.ends();
  t.is(settled?.type, 'UsageSettled');
  t.is(overage?.type, 'OverageAccrued');
  t.true(new Decimal(chargeOf(settled)).lt(cost(10, 500)));
  t.is([...lots.values()].length, 1);
});

test('an overrun is a debt when the setting says so, and blocks until it is paid', async (t) => {
  const model = 'gpt-4o?input=10&output=500';
  const calls = await upstream.on(model, { defaultMaxOutput: 100, overrun: 'owed' });
  await calls.call();
  const [settled, overage] = calls.ends();
  t.like(overage, { type: 'OverageAccrued', data: { treatment: 'owed' } });
  const { owed } = await calls.wallet();
  t.is(owed.plus(chargeOf(settled)).toFixed(), cost(10, 500));
  const refused = await t.throwsAsync(calls.call(), { instanceOf: Rejection });
  t.is(refused?.code, 'insufficient_quota');
});

test('a call that was swept without a trace owes its overrun as any other', async (t) => {
  const model = 'gpt-4o?input=10&output=500&chunks=3';
  const calls = await upstream.on(model, { defaultMaxOutput: 100, overrun: 'owed' });
  const chunks = chunksOf(await calls.call(stream));
  await chunks.next();
  await crashed(calls);
  while (!(await chunks.next()).done);
  const [expired, late, overage] = calls.ends();
  t.is(expired?.type, 'ReservationExpired');
  t.like(overage, { type: 'OverageAccrued', data: { treatment: 'owed' } });
  const { owed } = await calls.wallet();
  t.is(owed.plus(chargeOf(late)).toFixed(), cost(10, 500));
});

test('the output that is left after a clamp is what the upstream may write', async (t) => {
  const calls = await upstream.on('clamped?chunks=1', { credit: { CNY: '0.0002' } });
  await calls.call({ max_tokens: 1_000 });
  const sent = upstream.mock.asked.find(({ model }) => model === 'clamped?chunks=1');
  const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
  t.like(reserved?.data, { maxOutput: sent?.max_tokens });
  t.true(Number(sent?.max_tokens) < 67 && Number(sent?.max_tokens) >= 16);
});

test('without enough credit the upstream is not asked', async (t) => {
  const calls = await upstream.on('never-asked', { credit: { CNY: '0.00001' } });
  const refused = await t.throwsAsync(calls.call(), { instanceOf: Rejection });
  t.is(refused?.code, 'insufficient_quota');
  t.false(upstream.mock.asked.some(({ model }) => model === 'never-asked'));
  t.is(calls.metered.inFlight(), 0);
  t.deepEqual(calls.refusals, ['insufficient_quota']);
});

test('an allowance of requests is charged one a call, whatever `n`', async (t) => {
  const calls = await upstream.on('gpt-4o', { credit: { requests: '3', CNY: '1' } });
  await calls.call({ n: 4 });
  await endsWith(t, calls, 'UsageSettled', { asset: 'requests', charge: '1' });
});

test('an allowance of tokens is charged input plus output', async (t) => {
  const calls = await upstream.on('gpt-4o?input=10&chunks=5', {
    credit: { tokens: '1000', CNY: '1' },
  });
  await calls.call();
  await endsWith(t, calls, 'UsageSettled', { asset: 'tokens', charge: '15' });
});

test('an allowance that the bound does not fit into waits for a smaller call', async (t) => {
  const calls = await upstream.on('gpt-4o?input=10&chunks=5', {
    credit: { tokens: '50', CNY: '1' },
  });
  await calls.call({ max_tokens: 60 });
  await endsWith(t, calls, 'UsageSettled', { asset: 'CNY', charge: cost(10, 5) });
});

test('an alias without a price, or without an upstream that is set up, is refused', async (t) => {
  const calls = await paidCalls({
    upstreams: [],
    models: [{ upstream: 'mock', model: 'gpt-4o' }],
  });
  t.is(await faultOf(t, calls.call({ model: 'unheard-of' })), 'model_not_found');
  t.is(await faultOf(t, calls.call()), 'model_unavailable');
  t.is(calls.metered.inFlight(), 0);
});

const onSandbox = (credit: string) =>
  paidCalls({
    upstreams: [sandbox],
    models: [{ upstream: 'sandbox', model: 'demo' }],
    credit: { CNY: credit },
  });

for (const body of [{}, { max_tokens: 5 }, { n: 3 }, { stream: true }, { stream: true, n: 2 }]) {
  test(`on the sandbox the bound is the charge: ${JSON.stringify(body)}`, async (t) => {
    const calls = await onSandbox('1');
    const answer = await calls.call(body);
    if (answer.stream) await allChunks(answer);
    const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
    t.like(calls.ends()[0]?.data, { charge: JSON.parse(JSON.stringify(reserved?.data)).amount });
    await endsWith(t, calls, 'UsageSettled', { basis: 'usage', outcome: 'completed' });
  });
}

test('of many calls at once, as many succeed as the credit pays for', async (t) => {
  const one = await onSandbox('1');
  await one.call();
  const charge = new Decimal(chargeOf(one.ends()[0]));
  const calls = await onSandbox(charge.times(5).toFixed());
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => calls.call()));
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 5);
  const { lots, holds } = await calls.wallet();
  t.deepEqual([lots.size, holds.size], [0, 0]);
});

/** A stream whose hold is swept in its middle, read to its end. */
async function sweptMidway(credit: string, between: (calls: PaidCalls) => Promise<unknown>) {
  const calls = await upstream.on('gpt-4o?input=10&chunks=3&delay=30', {
    credit: { CNY: credit },
    defaultMaxOutput: 20,
  });
  const chunks = chunksOf(await calls.call(stream));
  const [hold] = (await calls.wallet()).holds.values();
  await calls.expire(hold?.call.callId ?? '');
  await between(calls);
  const rest = (async () => {
    while (!(await chunks.next()).done);
  })();
  return { calls, rest, reserved: hold?.amount ?? zero };
}

test('a call whose hold was swept charges the difference before its end', async (t) => {
  const { calls, rest } = await sweptMidway('1', () => Promise.resolve());
  await rest;
  const [expired, late, ...more] = calls.ends();
  t.is(expired?.type, 'ReservationExpired');
  t.is(late?.type, 'LateSettlementPosted');
  t.like(late?.data, { difference: cost(10, 3), charge: cost(10, 3), outcome: 'completed' });
  t.deepEqual(more, []);
});

test('a call whose hold was swept ends in an error when the difference is not there', async (t) => {
  const { calls, rest } = await sweptMidway('0.0001', async ({ spend }) => spend('0.0001'));
  const refused = await t.throwsAsync(rest, { instanceOf: Rejection });
  t.is(refused?.code, 'insufficient_quota');
  const [expired, late, ...more] = calls.ends();
  t.is(expired?.type, 'ReservationExpired');
  // The member is charged nothing, and what the answer cost us is no longer only possible.
  t.is(late?.type, 'LateCostsPosted');
  t.deepEqual(costsOf(t, late?.data ?? {}), [ourCost(10, 3)]);
  t.deepEqual(suspenseOf(calls.ends()), { USD: '0' });
  t.deepEqual(more, []);
  await eventually(() => calls.metered.inFlight() === 0);
});

const identifying = /upstream-4711|fp_mock|Mock & Co|gpt-4o|0\.0123|sk-secret/;

test('an answer shows the alias and our id, nothing of the upstream, and every unknown field', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const body = bodyOf(await calls.call());
  const chunks = await allChunks(
    await calls.call({ ...stream, stream_options: { include_usage: true } }),
  );
  for (const each of [body, ...chunks]) {
    const text = JSON.stringify(each);
    t.notRegex(text, identifying);
    t.like(JSON.parse(text), { model: 'demo', unknown_field: 'kept' });
    t.regex(String(each.id), /^chatcmpl-[0-9a-f]{32}$/);
  }
  t.is(new Set(chunks.map(({ id }) => id)).size, 1);
});

test('the usage chunk is the last one where it is asked for, and nowhere else', async (t) => {
  for (const usage of ['yes', 'no', 'inline', 'cumulative']) {
    const calls = await upstream.on(`gpt-4o?usage=${usage}`);
    const bare = await allChunks(await calls.call(stream));
    t.false(JSON.stringify(bare).includes('"usage"'), usage);
    t.true(bare.every(({ choices }) => Array.isArray(choices) && choices.length === 1));
    const asked = await allChunks(
      await calls.call({ ...stream, stream_options: { include_usage: true } }),
    );
    const { choices, usage: counted } = asked.at(-1) ?? {};
    t.deepEqual(choices, [], usage);
    t.like(counted, { completion_tokens: 4 }, usage);
    t.true(
      asked.slice(0, -1).every((chunk) => !chunk.usage),
      usage,
    );
  }
});

test('a stream is passed on chunk by chunk, each as soon as it is there', async (t) => {
  const calls = await upstream.on('gpt-4o?hang=mid&chunks=4');
  const client = new AbortController();
  const chunks = chunksOf(await calls.call(stream, client.signal));
  let seen = 0;
  while (seen < 2) seen += (await chunks.next()).value?.length ?? 0;
  t.is(seen, 2);
  client.abort();
  await t.throwsAsync(chunks.next());
});

/** More than is counted in one turn. */
const book = 'It was a dark and stormy night. '.repeat(100_000);

test('whoever goes while a call is planned, or only counted, is counted no further for', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const messages = [{ role: 'user', content: [{ type: 'text', text: book }, aPdf] }];
  const client = new AbortController();
  // It would be refused for its file, after its text was counted.
  const planned = calls.call({ messages }, client.signal);
  const said = { messages: [{ role: 'user', content: book }] };
  const counted = calls.metered.countInput({ model: 'demo', body: said, client: client.signal });
  client.abort();
  for (const asked of [planned, counted]) t.is(await faultOf(t, asked), 'client_closed');
  t.is(calls.metered.inFlight(), 0);
});
