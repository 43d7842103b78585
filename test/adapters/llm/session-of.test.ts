import test from 'ava';
import type { ModelCall } from '../../../src/adapters/llm/model-call.ts';
import { sessionOf } from '../../../src/adapters/llm/session-of.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';

const callOf = (body: Json, apiKeyId = 'key-1'): ModelCall => ({
  facts: {
    ...{ callId: 'call', memberId: 'member', apiKeyId, requestId: 'req' },
    ...{ clientRequestId: null, model: 'demo' },
  },
  ...{
    walletId: 'wallet',
    endpoint: 'chat',
    stream: false,
    n: 1,
    outputTokens: undefined,
    wantsUsage: false,
  },
  body,
  client: new AbortController().signal,
});
const said = (...turns: readonly [string, string][]): Json => ({
  messages: turns.map(([role, content]) => ({ role, content })),
});
const long = 2_000;

test('a conversation is known by its beginning, however long it grows', (t) => {
  const first = sessionOf(callOf(said(['system', 'Be kind.'], ['user', 'Hello'])), long);
  const later = said(
    ['system', 'Be kind.'],
    ['user', 'Hello'],
    ['assistant', 'Hi'],
    ['user', 'And?'],
  );
  t.is(sessionOf(callOf(later), 9 * long), first);
  t.not(sessionOf(callOf(said(['system', 'Be kind.'], ['user', 'Bye'])), long), first);
  t.not(sessionOf(callOf(said(['system', 'Be rude.'], ['user', 'Hello'])), long), first);
});

test('another key is another conversation', (t) => {
  const body = said(['user', 'Hello']);
  t.not(sessionOf(callOf(body, 'key-2'), long), sessionOf(callOf(body), long));
});

test('what no cache keeps belongs to no conversation, unless the caller names it', (t) => {
  const body = said(['user', 'Hello']);
  t.is(sessionOf(callOf(body), 1_023), undefined);
  t.is(sessionOf(callOf(said(['system', 'Nobody asks.'])), long), undefined);
  const named = sessionOf(callOf({ ...body, user: 'anna' }), 10);
  t.is(sessionOf(callOf({ ...said(['user', 'Bye']), user: 'anna' }), 10), named);
  const cached = sessionOf(callOf({ ...body, user: 'anna', prompt_cache_key: 'c' }), 10);
  t.is(sessionOf(callOf({ ...body, prompt_cache_key: 'c' }), 10), cached);
  t.not(cached, named);
});
