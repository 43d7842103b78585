import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { allChunks, bodyOf, textIn } from '../../support/paid-calls.ts';
import {
  adapter,
  cost,
  endsWith,
  faultOf,
  helloTokens,
  ourCost,
  paidMockFor,
} from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const stream: Json = { stream: true };

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
  test(`details that members aren't shown are charged all the same (${usage})`, async (t) => {
    const calls = await upstream.on(`gpt-4o?input=100&cached=40&chunks=5&usage=${usage}`);
    const chunks = await allChunks(
      await calls.call({ ...stream, stream_options: { include_usage: true } }),
    );
    t.notRegex(JSON.stringify(chunks), /ephemeral/);
    t.like(chunks.at(-1)?.usage, {
      ...{ prompt_tokens: 100, completion_tokens: 5 },
      prompt_tokens_details: { cached_tokens: 40 },
    });
    await endsWith(t, calls, 'UsageSettled', {
      ...{ basis: 'usage', charge: cost(60, 5, 40), costs: [ourCost(60, 5, 40)] },
    });
  });

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

/** CNY 1 a million tokens of input, and more for those that a cache takes. */
const writing = { input: '1', cachedInput: '0.5', output: '3', cacheWrite: '1.25' };

for (const [streams, kept, charge] of [
  [false, { prices: writing }, '0.000107'],
  [true, { prices: writing }, '0.000107'],
  // Without a price of its own it is input.
  [true, {}, '0.000095'],
] as const) {
  test(`what a cache took has a price of its own where there is one (${streams}, ${charge})`, async (t) => {
    const calls = await upstream.on('gpt-4o?input=100&cached=40&written=48&chunks=5', kept);
    const wish = { stream: true, stream_options: { include_usage: true } };
    const answer = await calls.call(streams ? wish : {});
    const [last] = answer.stream ? (await allChunks(answer)).slice(-1) : [bodyOf(answer)];
    t.like(last?.usage, { prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 48 } });
    t.notRegex(JSON.stringify(last), /ephemeral|cache_creation|cache_type/);
    await endsWith(t, calls, 'UsageSettled', {
      ...{ basis: 'usage', charge, costs: [ourCost(60, 5, 40)] },
      usage: { input: 12, cachedInput: 40, cacheWrite: 48, output: 5, reasoning: 0 },
    });
  });
}

test('a hold has room for all of the input at the price of what a cache takes', async (t) => {
  const calls = await upstream.on(`gpt-4o?input=${helloTokens}&written=${helloTokens}&output=8`, {
    prices: { ...writing, cacheWrite: '100' },
    credit: { CNY: '0.1' },
  });
  bodyOf(await calls.call({ max_tokens: 8 }));
  await endsWith(t, calls, 'UsageSettled', {
    usage: { input: 0, cachedInput: 0, cacheWrite: helloTokens, output: 8, reasoning: 0 },
    charge: '0.000824',
  });
});
