import test from 'ava';
import { chargingRows } from '../../support/charging-rows.ts';
import { eventually } from '../../support/eventually.ts';
import { cost, endsWith } from '../../support/paid-mock.ts';

const types: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

const { endpoint } = chargingRows(test, {
  path: '/v1/messages',
  body: (outputTokens) => ({
    model: 'demo',
    max_tokens: outputTokens,
    messages: [{ role: 'user', content: 'Hello' }],
  }),
  end: /message_stop|"stop_reason":"end_turn"/,
  wordsIn: (text) => text.split(' word').length - 1,
  failed: (status) => new RegExp(`"type":"error","error":\\{"type":"${types[status]}"`),
});

test('a client that leaves a body of Anthropic’s in the middle pays what had come of it', async (t) => {
  const { calls, post, answering } = await endpoint('anthropic', 'chunks=6&hang=mid');
  const client = new AbortController();
  const call = post(false, client.signal);
  const answer = await answering;
  await eventually(() => !answer.stream && answer.partial().includes(' word word'));
  client.abort();
  await t.throwsAsync(call);
  await endsWith(t, calls, 'UsageSettled', {
    basis: 'estimate',
    outcome: 'client_closed',
    charge: cost(8, 2),
  });
});

test('what Anthropic read from its cache is charged as cached, what it wrote into one as input', async (t) => {
  const how = 'input=100&cached=40&written=7&output=9&thinking=2';
  const { calls, post } = await endpoint('anthropic', how);
  t.regex(
    await (await post(false)).text(),
    /"input_tokens":100,"cache_creation_input_tokens":7,"cache_read_input_tokens":40,"output_tokens":9/,
  );
  await endsWith(t, calls, 'UsageSettled', {
    charge: cost(107, 9, 40),
    usage: { input: 100, cachedInput: 40, cacheWrite: 7, output: 7, reasoning: 2 },
  });
});
