import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { allChunks, bodyOf, textIn } from '../../support/paid-calls.ts';
import { endsWith, paidMockFor } from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const stream: Json = { stream: true };

const inCharacters = { characters: '1000' };

test('a call paid in characters is charged input and answer', async (t) => {
  for (const body of [{}, stream]) {
    const calls = await upstream.on('gpt-4o?chunks=5&text=%F0%9F%98%80a', { credit: inCharacters });
    const answer = await calls.call(body);
    if (answer.stream) await allChunks(answer);
    await endsWith(t, calls, 'UsageSettled', { charge: '15', characters: 15, basis: 'usage' });
  }
});

test('a stream paid in characters is cut where its hold ends', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=20&text=%F0%9F%98%80abcd', {
    credit: inCharacters,
  });
  const chunks = await allChunks(await calls.call({ ...stream, max_tokens: 8 }));
  t.is(textIn(chunks), `${'😀abcd'.repeat(6)}😀a`);
  t.regex(JSON.stringify(chunks.at(-1)), /"finish_reason":"length"/);
  await endsWith(t, calls, 'UsageSettled', { charge: '37', characters: 37, outcome: 'completed' });
});

test('the cut ends every answer of a stream', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=20&text=abcd', { credit: inCharacters });
  const chunks = await allChunks(await calls.call({ ...stream, max_tokens: 2, n: 2 }));
  const text = JSON.stringify(chunks);
  t.is(text.match(/"finish_reason":"length"/g)?.length, 2);
  await endsWith(t, calls, 'UsageSettled', { charge: '21', characters: 21 });
});

test('a body paid in characters is cut likewise', async (t) => {
  const calls = await upstream.on('gpt-4o?chunks=20&text=abcd', { credit: inCharacters });
  const body = bodyOf(await calls.call({ max_tokens: 2 }));
  t.like(JSON.parse(JSON.stringify(body)).choices[0], {
    message: { content: 'abcdabcd' },
    finish_reason: 'length',
  });
  await endsWith(t, calls, 'UsageSettled', { charge: '13', characters: 13, basis: 'usage' });
});
