import test from 'ava';
import { chargingRows } from '../../support/charging-rows.ts';
import { cost, endsWith } from '../../support/paid-mock.ts';

const codes: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  502: 'upstream_error',
  503: 'unavailable',
  504: 'upstream_timeout',
};

/** A stream tells every text again when it has ended; only the first time counts. */
const deltas = /"delta":" word"/g;

const { endpoint } = chargingRows(test, {
  path: '/v1/responses',
  body: (outputTokens) => ({ model: 'demo', input: 'Hello', max_output_tokens: outputTokens }),
  end: /response\.completed|"status":"completed"/,
  wordsIn: (text) =>
    text.startsWith('event: ') ? [...text.matchAll(deltas)].length : text.split(' word').length - 1,
  failed: (status) => new RegExp(`"code":"${codes[status]}"`),
});

test('tokens of every class are told and charged as the model counts them', async (t) => {
  const how = 'input=100&cached=40&written=7&output=9&thinking=2';
  const { calls, post } = await endpoint('anthropic', how);
  t.like(await (await post(false)).json(), {
    usage: {
      input_tokens: 147,
      input_tokens_details: { cached_tokens: 40, cache_write_tokens: 7 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 156,
    },
  });
  await endsWith(t, calls, 'UsageSettled', {
    charge: cost(107, 9, 40),
    usage: { input: 100, cachedInput: 40, cacheWrite: 7, output: 7, reasoning: 2 },
  });
});
