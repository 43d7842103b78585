import { Buffer } from 'node:buffer';
import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { aPdf, aText, dataUrl } from '../../support/paid-calls.ts';
import { cost, endsWith, paidMockFor } from '../../support/paid-mock.ts';

/** What is particular to chats with files; MONEY's rows of them are in `charging-endpoints.test.ts`. */
const upstream = paidMockFor(test);

const said = (...content: readonly Json[]): Json => ({ messages: [{ role: 'user', content }] });
const hello = { type: 'text', text: 'Hello' };
const reading = said(hello, aPdf, aText);

test('a file is refused before anything is held where nobody said how much is read', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const fault = await t.throwsAsync(calls.call(reading), { instanceOf: CallFault });
  t.like(fault, { why: 'files_unbounded', param: 'messages[0].content[1]', retryable: false });
  t.deepEqual(calls.ends(), []);
  t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
});

test('a chat with files is held for as if it filled all that a model reads', async (t) => {
  const calls = await upstream.on('gpt-4o?input=1234&chunks=5', { maxInputTokens: 5_000 });
  await calls.call(reading);
  const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
  t.like(reserved?.data, { amount: cost(5_000, 64), tokens: `${5_000 + 64}` });
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(1_234, 5) });
});

test('who can’t pay for all of that is refused, whatever the file would come to', async (t) => {
  const calls = await upstream.on('gpt-4o?input=10', {
    ...{ maxInputTokens: 5_000, credit: { CNY: '0.005' } },
  });
  await t.throwsAsync(calls.call(reading));
  t.deepEqual(calls.refusals, ['insufficient_quota']);
  await calls.call(said(hello));
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage' });
});

test('more than was said that a model reads is an event of its own, as with any call', async (t) => {
  const calls = await upstream.on('gpt-4o?input=6000', { maxInputTokens: 5_000 });
  await calls.call(reading);
  const [settled, overage] = calls.ends();
  t.like(settled, { type: 'UsageSettled', data: { usage: { input: 6_000 } } });
  t.like(overage, { type: 'OverageAccrued', data: { treatment: 'absorbed' } });
});

test('our own count of a long text stays within the hold', async (t) => {
  const calls = await upstream.on('gpt-4o?usage=no&chunks=6', { maxInputTokens: 500 });
  await calls.call(said(hello, aText));
  await endsWith(t, calls, 'UsageSettled', { basis: 'estimate', charge: cost(500, 6) });
});

test('an allowance of characters is left alone', async (t) => {
  const calls = await upstream.on('gpt-4o?input=100', {
    ...{ maxInputTokens: 5_000, credit: { characters: '100000', CNY: '1' } },
  });
  await calls.call(reading);
  await endsWith(t, calls, 'UsageSettled', { asset: 'CNY' });
});

test('a file reaches the upstream as it came, and no event', async (t) => {
  const canary = 'canary-of-a-file';
  const model = 'gpt-4o?input=99&text=hm';
  const parts = [
    ...[{ ...aPdf, file: { ...aPdf.file, filename: `${canary}.pdf` } }, hello],
    { type: 'file', file: { file_data: dataUrl('text/csv', canary) } },
  ];
  const calls = await upstream.on(model, { maxInputTokens: 5_000 });
  await calls.call(said(...parts));
  const asked = upstream.mock.asked.find((each) => each.model === model);
  const { messages, plugins } = JSON.parse(JSON.stringify(asked));
  t.deepEqual({ messages, plugins }, { ...said(...parts), plugins: undefined });
  await endsWith(t, calls, 'UsageSettled', { outcome: 'completed' });
  const written = JSON.stringify(calls.log.events.map(({ data }) => data));
  t.false(written.includes(canary));
  t.false(written.includes(Buffer.from(canary).toString('base64')));
});

test('texts that are each read by themselves may together be more than one reader takes', async (t) => {
  const prompt = [' word'.repeat(100), ' word'.repeat(100)];
  const held: unknown[] = [];
  for (const maxInputTokens of [100, 5_000]) {
    const calls = await upstream.on('gpt-4o?input=200', {
      endpoint: 'completions',
      maxInputTokens,
    });
    await calls.call({ prompt, n: 1 });
    const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
    held.push(JSON.parse(JSON.stringify(reserved?.data)).tokens);
  }
  t.is(held[0], held[1]);
});
