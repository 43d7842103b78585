import test from 'ava';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { CountReply } from '../../../src/api/anthropic/schemas.ts';
import { AnthropicError } from '../../../src/api/error-schemas.ts';
import { paidMockFor } from '../../support/paid-mock.ts';
import { jsonHeaders, serveV1 } from '../../support/v1-server.ts';

const upstream = paidMockFor(test);

async function count(url: string, more: Json) {
  const response = await fetch(`${url}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: jsonHeaders,
    body: JSON.stringify({ model: 'demo', ...more }),
  });
  return { status: response.status, body: await response.json() };
}

const saying = (...content: readonly Json[]) => ({ messages: [{ role: 'user', content }] });
const said = (words: string) => ({ type: 'text', text: words });

test('tokens are counted by the model’s own vocabulary, for nothing', async (t) => {
  const calls = await upstream.on('gpt-4o');
  const url = await serveV1(t, calls);
  const hello = saying(said('Hello'));
  t.deepEqual(await count(url, hello), { status: 200, body: { input_tokens: 8 } });
  const more = await count(url, { ...hello, system: 'Be brief.' });
  t.true(CountReply.parse(more.body).input_tokens > 8);
  t.like(await count(url, { ...hello, model: 'none' }), { status: 404, body: { type: 'error' } });
  t.deepEqual(
    calls.log.events.filter(({ type }) => type === 'CreditReserved'),
    [],
  );
});

test('tokens of a text are counted with it, those of a PDF by nobody', async (t) => {
  const url = await serveV1(t, await upstream.on('gpt-4o'));
  const bare = CountReply.parse((await count(url, saying(said('Hello')))).body).input_tokens;
  const words = { type: 'text', media_type: 'text/plain', data: ' word'.repeat(100) };
  const text = { type: 'document', source: words };
  const counted = await count(url, saying(said('Hello'), text));
  t.deepEqual(counted.body, { input_tokens: bare + 100 });
  const pdf = {
    type: 'document',
    source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0xLjc=' },
  };
  const { error } = AnthropicError.parse((await count(url, saying(said('Hello'), pdf))).body);
  t.is(error.type, 'invalid_request_error');
  t.regex(error.message, /messages\[0\]\.content\[1\].*PDF/);
});
