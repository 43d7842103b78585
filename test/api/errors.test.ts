import test from 'ava';
import { Busy, OutcomeUnknown } from '../../src/adapters/eventstore/execute.ts';
import type { Audience } from '../../src/api/errors.ts';
import { ApiError, errorAnswer } from '../../src/api/errors.ts';
import { EventFromNewerVersion } from '../../src/domain/events.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import { stored } from '../support/recorded.ts';

const v1: Audience = { openAi: true, locale: 'en', requestId: 'req_1' };
const api: Audience = { ...v1, openAi: false };

test('a refusal that blames one field names it among the errors', (t) => {
  const blamed = new ApiError('invalid_request', { param: 'base_url', why: 'base_url_needed' });
  const { errors, detail: message } = errorAnswer(blamed, api).body;
  t.deepEqual(errors, [{ field: 'base_url', message }]);
});

test('spent credit is 429 that must not be retried', (t) => {
  const { status, headers, body } = errorAnswer(new Rejection('insufficient_quota', 'no'), v1);
  t.is(status, 429);
  t.deepEqual(headers, { 'x-should-retry': 'false' });
  t.like(body, { error: { type: 'insufficient_quota', code: 'insufficient_quota' } });
});

test('credit on hold is 429 to be retried after a second', (t) => {
  const { status, headers, body } = errorAnswer(new Rejection('credit_on_hold', 'wait'), v1);
  t.is(status, 429);
  t.deepEqual(headers, { 'retry-after': '1' });
  t.like(body, { error: { type: 'rate_limit_exceeded', code: 'credit_on_hold' } });
});

test('a full wallet is 429 for a call and 409 for a grant', (t) => {
  const full = new Rejection('wallet_full', 'full');
  t.is(errorAnswer(full, v1).status, 429);
  t.is(errorAnswer(full, api).status, 409);
});

test('a fault that passes is 503 with Retry-After', (t) => {
  const away = Object.assign(new Error('log'), { retryable: true });
  for (const error of [away, new Error('reading', { cause: away })]) {
    const { status, code, headers } = errorAnswer(error, v1);
    t.deepEqual({ status, code }, { status: 503, code: 'unavailable' });
    t.deepEqual(headers, { 'retry-after': '1' });
  }
});

test('a wallet for which too much waits already is 503 with Retry-After', (t) => {
  for (const audience of [v1, api]) {
    const { status, code, headers, body } = errorAnswer(new Busy('wallet-1@0'), audience);
    t.deepEqual({ status, code }, { status: 503, code: 'unavailable' });
    t.deepEqual(headers, { 'retry-after': '1' });
    t.notRegex(JSON.stringify(body), /wallet-1/);
  }
});

test('an append that was not answered in time is 503 that says so', (t) => {
  const { status, code, headers } = errorAnswer(new OutcomeUnknown('wallet-1@0'), v1);
  t.deepEqual({ status, code }, { status: 503, code: 'outcome_unknown' });
  t.deepEqual(headers, { 'retry-after': '1' });
});

test('an event of a newer release is 503 until that release is here', (t) => {
  const event = stored({ type: 'LoggedOut', data: { memberId: 'm', sessionId: 's' } });
  const { status, code, headers } = errorAnswer(new EventFromNewerVersion(event, 2), api);
  t.deepEqual({ status, code }, { status: 503, code: 'event_from_newer_version' });
  t.deepEqual(headers, { 'retry-after': '5' });
});

test('what nobody expected tells its request id and nothing of itself', (t) => {
  const { status, code, body } = errorAnswer(new Error('the password is hunter2'), api);
  t.deepEqual({ status, code }, { status: 500, code: 'internal_error' });
  t.regex(JSON.stringify(body), /req_1/);
  t.notRegex(JSON.stringify(body), /hunter2/);
});
