import test from 'ava';
import { z } from 'zod';
import type { EndpointName } from '../../../src/adapters/llm/endpoints/endpoint.ts';
import { scenarioNames } from '../../../src/domain/budget/scenario-names.ts';
import type { PaidCalls } from '../../support/paid-calls.ts';
import { bodyOf, callOf } from '../../support/paid-calls.ts';
import { paidMockFor } from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const endpoint: EndpointName = 'chat';
const messages = [{ role: 'user', content: 'Hello' }];

async function call({ walletId, metered }: PaidCalls, scenario: string, more = {}) {
  const client = new AbortController().signal;
  const made = callOf(walletId, { messages, ...more }, { endpoint, client, scenario });
  bodyOf(await metered.answer(made));
}

const End = z.object({ costs: z.array(z.object({ scenario: z.string().optional() })) });

/** What the costs of each call are booked under. */
const booked = (calls: PaidCalls) =>
  calls.ends().map(({ data }) => End.parse(data).costs.map(({ scenario }) => scenario ?? null));

test('of names that a caller makes up so many are booked, and an operator’s always', async (t) => {
  const scenarios = scenarioNames(2);
  scenarios.write(['written']);
  const calls = await upstream.on('gpt-4o', { scenarios });
  for (const name of ['a', 'b', 'c', 'written', 'a', 'd']) await call(calls, name);
  t.deepEqual(booked(calls), [['a'], ['b'], [null], ['written'], ['a'], [null]]);
});

test('a call that nobody can pay for takes no name’s place', async (t) => {
  const scenarios = scenarioNames(1);
  const calls = await upstream.on('gpt-4o', { scenarios, credit: { CNY: '0.0005' } });
  const long = [{ role: 'user', content: 'Hello '.repeat(2_000) }];
  await t.throwsAsync(call(calls, 'a', { messages: long }));
  await call(calls, 'b');
  t.deepEqual(booked(calls), [['b']]);
});
