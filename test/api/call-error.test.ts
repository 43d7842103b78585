import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import type { CallFaultCode } from '../../src/adapters/llm/call-fault.ts';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import { exchangeFor } from '../../src/adapters/llm/exchange.ts';
import { inputOf } from '../../src/adapters/llm/input.ts';
import { refusal } from '../../src/adapters/llm/refusal.ts';
import { callError } from '../../src/api/call-error.ts';
import { errorAnswer } from '../../src/api/errors.ts';
import type { Locale } from '../../src/api/locale.ts';

const expected: Readonly<Record<CallFaultCode, readonly [number, string]>> = {
  model_not_found: [404, 'model_not_found'],
  model_opening: [503, 'unavailable'],
  model_unavailable: [503, 'model_unavailable'],
  model_not_routed: [404, 'model_not_routed'],
  budget_spent: [503, 'budget_spent'],
  unsupported_input: [400, 'invalid_request'],
  upstream_refused: [400, 'invalid_request'],
  context_length_exceeded: [400, 'context_length_exceeded'],
  content_filter: [400, 'content_filter'],
  content_policy_violation: [400, 'content_policy_violation'],
  string_above_max_length: [400, 'string_above_max_length'],
  upstream_failed: [502, 'upstream_error'],
  upstream_limited: [429, 'rate_limit_exceeded'],
  upstream_timed_out: [504, 'upstream_timeout'],
  client_closed: [503, 'unavailable'],
  client_stalled: [503, 'unavailable'],
  timed_out: [504, 'upstream_timeout'],
  shut_down: [503, 'unavailable'],
  charge_unknown: [503, 'outcome_unknown'],
};

const answerTo = (error: unknown, locale: Locale = 'en') =>
  errorAnswer(callError(error, 'demo'), { openAi: true, locale, requestId: 'req_1' });
const said = z.object({ error: z.object({ message: z.string() }) });

function thrownBy(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
}

test('every way in which a call breaks has its status and code', (t) => {
  for (const code of Object.keys(expected) as CallFaultCode[]) {
    const { status, code: told } = answerTo(new CallFault(code, 'why', { cause: 'secret' }));
    t.deepEqual([status, told], expected[code], code);
  }
});

test('a fault says which field is to blame, and why, where that helps', (t) => {
  const fault = thrownBy(() => inputOf({ plugins: [{}] }));
  const message = '`plugins` is not supported: its cost has no bound.';
  t.like(answerTo(fault).body, { error: { param: 'plugins', message } });
  t.like(answerTo(fault, 'zh').body, {
    error: { param: 'plugins', message: '不支持 `plugins`：其费用没有上限。' },
  });
});

test('what an upstream says of a request is passed on in its own words', (t) => {
  const body = { error: { message: 'Too long by 7 tokens.' } };
  const fault = refusal(400, JSON.stringify(body), { model: 'model' });
  t.like(answerTo(fault).body, body);
  t.like(answerTo(fault, 'zh').body, {
    error: { message: '模型拒绝了该请求：Too long by 7 tokens.' },
  });
  t.like(answerTo(refusal(400, '', { model: 'model' }), 'zh').body, {
    error: { message: '模型认为该请求无效，已拒绝。' },
  });
});

test('no way in which a call breaks is told in English to who reads Chinese', (t) => {
  for (const code of Object.keys(expected) as CallFaultCode[]) {
    const fault = new CallFault(code, 'why');
    const { message } = said.parse(answerTo(fault, 'zh').body).error;
    t.regex(message, /\p{sc=Han}/u, code);
    t.not(message, said.parse(answerTo(fault).body).error.message, code);
  }
});

test('what is no fault of a call stays what it was', (t) => {
  const error = new Error('else');
  t.is(callError(error, 'demo'), error);
});

/** What a log says of an error, by itself or deep in another one. */
function loggedOf(error: unknown): string {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  log.warn({ err: error }, 'it broke');
  log.warn({ err: new Error('around', { cause: error }) }, 'it broke');
  return lines.join('');
}

test('an administrator reads what an upstream wrote, and no log line says it', (t) => {
  const body = JSON.stringify({ error: { message: 'boom acct_123' } });
  for (const status of [400, 429, 500]) {
    const fault = refusal(status, body, { model: 'model' }).sayingAll(body);
    const error = callError(fault, 'demo', true);
    const { body: told } = errorAnswer(error, { openAi: true, locale: 'en', requestId: 'req_1' });
    t.regex(JSON.stringify(told), /boom acct_123/);
    t.notRegex(loggedOf(error) + loggedOf(fault), /boom|acct_123/);
  }
});

test('harmless words are told to members, and to no log', (t) => {
  const body = JSON.stringify({ error: { message: 'Too long by 7301945 tokens.' } });
  const fault = refusal(400, body, { model: 'model' });
  t.regex(JSON.stringify(answerTo(fault).body), /7301945/);
  t.notRegex(loggedOf(fault) + loggedOf(callError(fault, 'demo')), /7301945/);
});

test('what breaks in reading an answer is logged without what was read', (t) => {
  const error = thrownBy(() => JSON.parse('boom acct_123'));
  const fault = exchangeFor(new AbortController().signal).faultOf(error);
  t.is(fault.code, 'upstream_failed');
  const logged = loggedOf(callError(fault, 'demo'));
  t.notRegex(logged, /boom|acct_123/);
  t.regex(logged, /A SyntaxError where the answer was read\.\\n {4}at /);
});

const window = {
  ...{ message: "This model's maximum context length is 4096 tokens.", param: 'messages' },
  ...{ type: 'invalid_request_error', code: 'context_length_exceeded' },
};

test('a refusal that has a name is told under it, in our own words', (t) => {
  const fault = refusal(400, JSON.stringify({ error: window }), { model: 'model' });
  for (const locale of ['en', 'zh'] as const) {
    const { status, body } = answerTo(fault, locale);
    t.is(status, 400);
    t.like(body, {
      error: { type: window.type, code: window.code, param: 'messages' },
    });
    const { message } = said.parse(body).error;
    // What Claude's clients look for.
    t.regex(message, /^prompt is too long/);
    t.notRegex(message, /4096/);
  }
  const asked = { openAi: true, anthropic: true, locale: 'en', requestId: 'req_1' } as const;
  const { status, body } = errorAnswer(callError(fault, 'demo'), asked);
  t.is(status, 400);
  t.like(body, { type: 'error', error: { type: 'invalid_request_error' } });
  t.regex(said.parse(body).error.message, /^prompt is too long/);
});

test('content that is not drawn has a name of its own', (t) => {
  const body = JSON.stringify({ error: { code: 'moderation_blocked', message: 'No.' } });
  const codeOf = (isPicture: boolean) =>
    answerTo(refusal(400, body, { model: 'model', isPicture })).code;
  t.deepEqual([codeOf(false), codeOf(true)], ['content_filter', 'content_policy_violation']);
});

test('a text above its most length says in which field', (t) => {
  const error = {
    ...{ code: 'string_above_max_length', param: 'prompt_cache_key' },
    message: 'Invalid: string too long.',
  };
  t.like(answerTo(refusal(400, JSON.stringify({ error }), { model: 'model' })).body, {
    error: { code: 'string_above_max_length', param: 'prompt_cache_key' },
  });
});
