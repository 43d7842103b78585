import test from 'ava';
import { CallFault } from '../../../../src/adapters/llm/call-fault.ts';
import type { Json } from '../../../../src/adapters/llm/upstream.ts';
import { upstreamKinds } from '../../../../src/adapters/llm/upstream-kinds.ts';
import { usageFrom } from '../../../../src/adapters/llm/usage.ts';
import { UpstreamKind } from '../../../../src/domain/upstream/events.ts';
import { aPdf } from '../../../support/paid-calls.ts';
import type { Scripted } from '../../../support/scripted-server.ts';
import { startScriptedServer } from '../../../support/scripted-server.ts';
import type { Meaning, ProviderCase } from './provider-case.ts';
import { key, text } from './provider-case.ts';
import { providerCases } from './provider-cases.ts';

const timeouts = { connectMs: 5_000, firstTokenMs: 20_000, wholeMs: 20_000, idleMs: 20_000 };
const { signal } = new AbortController();
const messages = [{ role: 'user', content: 'Hello' }];

async function provider(
  t: { teardown(end: () => Promise<void>): void },
  { kind, base }: ProviderCase,
  answer: Scripted,
) {
  const server = await startScriptedServer(() => answer);
  const upstream = upstreamKinds[kind].open({
    ...{ id: 'one', baseUrl: `${server.url}${base}`, apiKey: key, timeouts },
  });
  t.teardown(async () => {
    await upstream.close();
    await server.close();
  });
  const ask = (stream: boolean) =>
    upstream.ask({
      endpoint: 'chat',
      model: 'm',
      body: { messages, stream },
      stream,
      maxOutput: 77,
      signal,
    });
  const read = async (stream: boolean): Promise<readonly Json[]> => {
    const answered = await ask(stream);
    if (!answered.stream) return [await answered.body()];
    return (await Array.fromAsync(answered.chunks)).flat();
  };
  return { upstream, read, received: server.received };
}

/** What a server of a kind is sent for a chat. */
async function sentTo(
  t: { teardown(end: () => Promise<void>): void },
  kind: UpstreamKind,
  body: Json,
): Promise<Json> {
  const server = await startScriptedServer(() => ({ status: 200, body: '{}' }));
  const baseUrl = `${server.url}/v1`;
  const upstream = upstreamKinds[kind].open({ id: 'one', baseUrl, apiKey: key, timeouts });
  t.teardown(async () => {
    await upstream.close();
    await server.close();
  });
  const asked = { endpoint: 'chat', model: 'm', body, stream: false, maxOutput: 7 } as const;
  const answer = await upstream.ask({ ...asked, signal });
  if (!answer.stream) await answer.body().catch(() => undefined);
  return JSON.parse(JSON.stringify(server.received[0]?.body));
}

test('Qwen is told sounds as addresses that hold them, others as they came', async (t) => {
  const parts = [
    { type: 'text', text: 'Hm?' },
    { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
  ];
  const body = { messages: [...messages, { role: 'user', content: parts }] };
  for (const [kind, data] of [
    ['qwen', 'data:;base64,UklGRg=='],
    ['openai', 'UklGRg=='],
  ] as const) {
    const sound = { type: 'input_audio', input_audio: { data, format: 'wav' } };
    const sent = await sentTo(t, kind, body);
    t.deepEqual(sent.messages, [...messages, { role: 'user', content: [parts[0], sound] }]);
  }
});

test('OpenRouter is told that the model itself reads files, others what came', async (t) => {
  const withFile = { messages: [...messages, { role: 'user', content: [aPdf] }] };
  const native = [{ id: 'file-parser', pdf: { engine: 'native' } }];
  for (const [kind, body, plugins] of [
    ['openrouter', withFile, native],
    ['openrouter', { messages }, undefined],
    ['openai', withFile, undefined],
    ['azure', withFile, undefined],
  ] as const) {
    const { messages: told, plugins: engines } = await sentTo(t, kind, body);
    t.deepEqual({ messages: told, plugins: engines }, { ...body, plugins });
  }
});

test('servers like OpenAI’s are told signatures as Google’s want them back', async (t) => {
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const unsigned = { ...call, id: 'call_2' };
  const own = { ...call, extra_content: { thought_signature: 'Zm9v' } };
  const theirs = { ...call, extra_content: { google: { thought_signature: 'Zm9v' } } };
  const saying = (...calls: readonly object[]) => [
    ...messages,
    { role: 'assistant', content: null, tool_calls: [...calls, unsigned] },
    { role: 'tool', tool_call_id: 'call_1', content: '1' },
  ];
  for (const [kind, said, told] of [
    ['openai_like', own, theirs],
    ['openai_like', theirs, theirs],
    ['openai', own, own],
  ] as const) {
    const sent = await sentTo(t, kind, { messages: saying(said) });
    t.deepEqual(sent.messages, saying(told));
  }
});

const failed = { code: 'upstream_failed', retryable: true } as const;

/** What each kind of refusal is to a call; the member is to blame for the first alone. */
const meanings: Readonly<Record<Meaning, { told: string; fault: Partial<CallFault> }>> = {
  theirs: {
    told: 'the request’s fault, which nobody else would answer either',
    fault: { code: 'upstream_refused', retryable: false, ofKey: false },
  },
  filtered: {
    told: 'a content filter’s, under its name',
    fault: { code: 'content_filter', ofKey: false },
  },
  too_long: {
    told: 'too long for this model, and perhaps not for another one',
    fault: {
      ...{ code: 'context_length_exceeded', retryable: true, passing: false },
      ...{ isWell: true, ofKey: false },
    },
  },
  key: {
    told: 'the fault of a key, of which another may do better',
    fault: { ...failed, passing: false, isWell: false, ofKey: true },
  },
  model: {
    told: 'no fault of the upstream’s other models',
    fault: { ...failed, passing: false, isWell: true, ofKey: false },
  },
  limited: {
    told: 'a limit that passes',
    fault: { code: 'upstream_limited', retryable: true, passing: true, ofKey: true },
  },
  busy: { told: 'a fault that passes', fault: { ...failed, passing: true, ofKey: false } },
};

const textOf = (answers: readonly Json[]): string =>
  answers
    .map((answer) => {
      const { choices } = JSON.parse(JSON.stringify(answer));
      return choices?.[0]?.delta?.content ?? choices?.[0]?.message?.content ?? '';
    })
    .join('');
const usageIn = (answers: readonly Json[]) =>
  usageFrom(answers.findLast(({ usage }) => usage !== undefined && usage !== null)?.usage);

test('every kind of upstream is told of here, and has its place', (t) => {
  const told = new Set<string>(providerCases.map(({ kind }) => kind));
  t.deepEqual(
    UpstreamKind.options.filter((kind) => !told.has(kind)),
    [],
  );
  for (const { baseUrl } of Object.values(upstreamKinds)) {
    if (baseUrl !== undefined) t.regex(baseUrl, /^https:\/\/[\w./-]+[\w]$/);
  }
});

for (const one of providerCases) {
  const name = `${one.kind} at ${one.base || '/'}`;

  test(`${name} is asked with its key, its path and its limit`, async (t) => {
    const { read, received } = await provider(t, one, one.stream);
    await read(true);
    const [asked] = received;
    t.is(asked?.method, 'POST');
    t.is(asked?.path, one.path);
    t.is(asked?.headers[one.keyHeader[0]], one.keyHeader[1]);
    if (one.kind === 'gemini') {
      t.like(asked?.body, { generationConfig: { [one.limit]: 77 } });
      return;
    }
    t.is(asked?.body?.model, 'm');
    t.is(asked?.body?.[one.limit], 77);
    const other = one.limit === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    t.is(asked?.body?.[other], undefined);
    const wishes = one.kind === 'claude' ? undefined : { include_usage: true };
    t.deepEqual(asked?.body?.stream_options, wishes);
  });

  test(`${name} says the same in a stream and at once, and what it counted`, async (t) => {
    for (const stream of [false, true]) {
      const { read } = await provider(t, one, stream ? one.stream : one.whole);
      const answers = await read(stream);
      t.is(textOf(answers), text);
      t.like(usageIn(answers), one.usage);
    }
  });

  test(`${name} is found well by what costs nothing`, async (t) => {
    const { upstream, received } = await provider(t, one, { body: { data: [] } });
    await t.notThrowsAsync(upstream.probe(signal));
    const [asked] = received;
    t.deepEqual([asked?.method, asked?.path, asked?.body], ['GET', one.probePath, null]);
    t.is(asked?.headers[one.keyHeader[0]], one.keyHeader[1]);
  });

  for (const [what, answer, meaning] of one.refusals) {
    test(`${name}: ${what} is ${meanings[meaning].told}`, async (t) => {
      const { read } = await provider(t, one, answer);
      const fault = await t.throwsAsync(read(false), { instanceOf: CallFault });
      t.like(fault, meanings[meaning].fault);
      if (answer.headers?.['retry-after']) t.is(fault?.retryAfterMs, 7_000);
      t.notRegex(JSON.stringify([fault?.message, fault?.values]), /azure|sk-|余额/i);
    });
  }
}
