import test from 'ava';
import type { CallFaultCode } from '../../src/adapters/llm/call-fault.ts';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import { callError } from '../../src/api/call-error.ts';
import { errorAnswer } from '../../src/api/errors.ts';

const expected: Readonly<Record<CallFaultCode, readonly [number, string]>> = {
  model_not_found: [404, 'model_not_found'],
  model_unavailable: [503, 'unavailable'],
  unsupported_input: [400, 'invalid_request'],
  upstream_refused: [400, 'invalid_request'],
  upstream_failed: [502, 'upstream_error'],
  upstream_timed_out: [504, 'upstream_timeout'],
  client_closed: [503, 'unavailable'],
  client_stalled: [503, 'unavailable'],
  timed_out: [504, 'upstream_timeout'],
  shut_down: [503, 'unavailable'],
  charge_unknown: [503, 'outcome_unknown'],
};

const answerTo = (error: unknown) =>
  errorAnswer(callError(error, 'demo'), { openAi: true, locale: 'en', requestId: 'req_1' });

test('every way in which a call breaks has its status and code', (t) => {
  for (const code of Object.keys(expected) as CallFaultCode[]) {
    const { status, code: told } = answerTo(new CallFault(code, 'why', { cause: 'secret' }));
    t.deepEqual([status, told], expected[code], code);
  }
});

test('a fault says which field is to blame, and why, where that helps', (t) => {
  const fault = new CallFault('unsupported_input', '`audio` is not supported.', { param: 'audio' });
  t.like(answerTo(fault).body, { error: { param: 'audio', message: '`audio` is not supported.' } });
});

test('what is no fault of a call stays what it was', (t) => {
  const error = new Error('else');
  t.is(callError(error, 'demo'), error);
});
