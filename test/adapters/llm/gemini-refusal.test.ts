import test from 'ava';
import { geminiRefusal } from '../../../src/adapters/llm/gemini-refusal.ts';

const told = (message: string, more: object = {}) =>
  JSON.stringify({ error: { message, ...more } });
const info = (reason: string) => ({
  status: 'INVALID_ARGUMENT',
  details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }],
});
const model = 'secret-model';

const operators = [
  [400, told('API key not valid. Please pass a valid API key.', info('API_KEY_INVALID'))],
  [400, told('API key expired. Please renew the API key.')],
  [400, told('User location is not supported for the API use.', { status: 'FAILED_PRECONDITION' })],
  [403, told('Your API key was reported as leaked.', { status: 'PERMISSION_DENIED' })],
  [403, told('Permission denied.', { status: 'PERMISSION_DENIED' })],
  [403, told('This API method requires billing to be enabled.', info('BILLING_DISABLED'))],
] as const;

for (const [status, text] of operators) {
  test(`what the operator must put right is no fault of the request: ${status} ${text}`, (t) => {
    t.like(geminiRefusal(status, text, { model }), {
      code: 'upstream_failed',
      retryable: true,
      passing: false,
      isWell: false,
    });
  });
}

test('words that the request says itself blame nobody', (t) => {
  const text = told("Invalid value: 'Insufficient balance'.");
  const isQuoted = (said: string) => said === 'Insufficient balance';
  t.is(geminiRefusal(400, text, { model }).code, 'upstream_failed');
  t.is(geminiRefusal(400, text, { model, isQuoted }).code, 'upstream_refused');
});

test('a model that is not there is that model’s trouble alone', (t) => {
  const text = told('models/x is not found for API version v1beta', { status: 'NOT_FOUND' });
  t.like(geminiRefusal(404, text, { model }), { code: 'upstream_failed', isWell: true });
});

test('what is wrong with a request is told in Gemini’s words, in a list or not', (t) => {
  const message = 'The value of temperature is not supported.';
  const text = told(message, { status: 'INVALID_ARGUMENT' });
  for (const each of [text, `[${text}]`]) {
    const fault = geminiRefusal(400, each, { model });
    t.is(fault.code, 'upstream_refused');
    t.deepEqual(fault.values, { message });
  }
});

for (const [retryDelay, ms] of [
  ['27s', 27_000],
  ['3.5s', 3_500],
  ['86400s', 300_000],
  ['soon', undefined],
] as const) {
  test(`who has had enough says how long to wait: ${retryDelay}`, (t) => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }];
    const text = told('Quota exceeded', { status: 'RESOURCE_EXHAUSTED', details });
    const fault = geminiRefusal(429, text, { model });
    t.is(fault.code, 'upstream_limited');
    t.is(fault.retryAfterMs, ms);
    t.is(geminiRefusal(429, text, { model, retryAfterMs: 9 }).retryAfterMs, 9);
  });
}

test('an error that is no JSON is judged by its status', (t) => {
  t.is(geminiRefusal(429, '<html>', { model }).code, 'upstream_limited');
  t.is(geminiRefusal(502, '', { model }).code, 'upstream_failed');
});
