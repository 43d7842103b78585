import test from 'ava';
import { z } from 'zod';
import { gatewayWorld, messages } from '../support/gateway-world.ts';
import { jsonRequest } from '../support/json-request.ts';
import { aPdf } from '../support/paid-calls.ts';
import { request, settledCalls } from '../support/people.ts';
import { errorOf, lastChunkOf, limitsIn, modelOf } from '../support/v1-answers.ts';

const { adminToken, alias, lastAsked, mock, person, post, program, put, sell, settings, someone } =
  gatewayWorld(test);

const postTo = (path: string, body: object) =>
  jsonRequest(`${program().url}/v1/${path}`, { method: 'POST', token: person().key, body });

test.serial('without a limit no answer speaks of one', async (t) => {
  const answer = await post({ model: 'small' });
  t.is(answer.status, 200);
  t.deepEqual(limitsIn(answer), []);
});

test.serial('an alias’s limit is told with every answer, and refuses with it', async (t) => {
  await sell('rated', 'rated');
  await alias('rated', { limits: { requests_per_minute: 2, tokens_per_minute: 100_000 } });
  const [first, second, third] = [
    await post({ model: 'rated' }),
    await post({ model: 'rated', stream: true }),
    await post({ model: 'rated' }),
  ];
  await second.text();
  t.deepEqual([first.status, second.status], [200, 200]);
  t.is(first.headers.get('x-ratelimit-limit-requests'), '2');
  t.is(first.headers.get('x-ratelimit-remaining-requests'), '1');
  t.regex(first.headers.get('x-ratelimit-reset-requests') ?? '', /^([1-5]?\ds|1m0s)$/);
  t.is(first.headers.get('x-ratelimit-limit-tokens'), '100000');
  t.true(Number(first.headers.get('x-ratelimit-remaining-tokens')) < 100_000);
  t.is(limitsIn(second).length, 6);
  // A minute may have ended in between, once.
  const refused = third.status === 429 ? third : await post({ model: 'rated' });
  t.is(refused.status, 429);
  t.is(refused.headers.get('x-ratelimit-remaining-requests'), '0');
  t.regex(refused.headers.get('retry-after') ?? '', /^([1-5]?\d|60)$/);
  t.like(await errorOf(refused), { code: 'rate_limit_exceeded', type: 'rate_limit_exceeded' });
  t.is((await post({ model: 'small' })).status, 200);
});

test.serial('what an alias says counts where the member says nothing', async (t) => {
  await sell('tuned', 'tuned');
  await alias('tuned', {
    description: 'For short answers',
    sampling: { temperature: 0.2, top_p: 0.9 },
    system_prompt: 'Never mention the weather.',
    default_max_output: 77,
  });
  const answer = await post({ model: 'tuned', temperature: 1 });
  const text = await answer.text();
  t.notRegex(text, /weather/);
  t.like(lastAsked(), { temperature: 1, top_p: 0.9 });
  t.true([lastAsked().max_tokens, lastAsked().max_completion_tokens].includes(77));
  t.deepEqual(lastAsked().messages, [
    { role: 'system', content: 'Never mention the weather.' },
    ...messages,
  ]);
  const { status } = await postTo('completions', { model: 'tuned', prompt: 'Hello' });
  t.is(status, 200);
  t.like(mock().asked.at(-1), { prompt: 'Hello', temperature: 0.2, top_p: 0.9 });
  t.is(mock().asked.at(-1)?.messages, undefined);
  await alias('tuned', { system_prompt: null, sampling: {} });
  await post({ model: 'tuned' });
  t.deepEqual(lastAsked().messages, messages);
  t.is(lastAsked().top_p, undefined);
});

test.serial('files go where the operator says how much a model reads at most', async (t) => {
  await sell('reader', 'reader');
  const asked = { model: 'reader', messages: [{ role: 'user', content: [aPdf] }] };
  const refused = await errorOf(await post(asked));
  t.like(refused, { status: 400, param: 'messages[0].content[0]' });
  t.regex(refused.message, /This model takes no files/);
  const chinese = await errorOf(await post(asked, { headers: { 'accept-language': 'zh' } }));
  t.regex(chinese.message, /该模型不接受文件.*max_input_tokens/);
  await alias('reader', { max_input_tokens: 5_000 });
  t.is((await post(asked)).status, 200);
  t.deepEqual(lastAsked().messages, asked.messages);
  const kept = await errorOf(
    await post({ ...asked, messages: [{ role: 'user', content: [inAccount] }] }),
  );
  t.like(kept, { status: 400, param: 'messages[0].content[0]' });
  t.regex(kept.message, /file_id/);
  await alias('reader', { max_input_tokens: null });
  t.is((await post(asked)).status, 400);
});

const inAccount = { type: 'file', file: { file_id: 'file-of-somebody-else' } };

test.serial('what a cache had is charged as input where it has no price of its own', async (t) => {
  await sell('uncached', 'mock?input=100&cached=40&output=10&chunks=2');
  const { key, token } = await someone();
  const chargesAt = async (price: object, calls: number) => {
    await put('/api/admin/models/uncached', { price: { input: '10', output: '20', ...price } });
    t.is((await post({ model: 'uncached' }, { token: key })).status, 200);
    return (await settledCalls(program(), token, calls)).map(({ charge }) => charge);
  };
  t.deepEqual(await chargesAt({}, 1), ['0.0012']);
  t.deepEqual(await chargesAt({ cached_input: '0' }, 2), ['0.0008', '0.0012']);
});

test.serial('a system prompt is part of what a call may cost', async (t) => {
  await sell('wordy', 'wordy');
  const heldBy = async () => {
    await alias('wordy', { limits: { tokens_per_minute: 1_000_000 } });
    const { headers } = await post(
      { model: 'wordy', max_tokens: 16 },
      { token: (await someone()).key },
    );
    return 1_000_000 - Number(headers.get('x-ratelimit-remaining-tokens'));
  };
  const plain = await heldBy();
  await alias('wordy', { system_prompt: 'Be kind. '.repeat(100) });
  t.true((await heldBy()) > plain + 200);
});

test.serial(
  'a call without a model, or with an unknown one, goes where the operator says',
  async (t) => {
    const nameless = await post({});
    t.like(await errorOf(nameless), {
      ...{ status: 400, type: 'invalid_request_error' },
      message: 'you must provide a model parameter',
    });
    t.like(await errorOf(await post({ model: 'gpt-99' })), {
      ...{ status: 404, code: 'model_not_found', type: 'invalid_request_error' },
      message: 'The model `gpt-99` does not exist or you do not have access to it.',
    });
    const wrong = await jsonRequest(`${program().url}/api/admin/settings`, {
      ...{ method: 'PUT', token: adminToken(), body: { default_alias: 'nothing' } },
    });
    t.is(wrong.status, 404);
    await settings({ default_alias: 'small', unknown_alias: 'large' });
    t.is(await modelOf(await post({})), 'small');
    t.is(await modelOf(await post({ model: 'gpt-99' })), 'large');
    t.is(await modelOf(await post({ model: 'large' })), 'large');
    for (const [path, body] of [
      ['completions', { prompt: 'Hello' }],
      ['embeddings', { input: 'Hello' }],
    ] as const) {
      t.is(await modelOf(await postTo(path, body)), 'small');
    }
    await settings({ default_alias: null, unknown_alias: null });
    t.is((await post({})).status, 400);
    for (const path of ['embeddings', 'images/generations', 'audio/speech']) {
      const said = { input: 'Hello', prompt: 'Hello', voice: 'alloy' };
      t.like(await errorOf(await postTo(path, said)), {
        ...{ status: 400, message: 'you must provide a model parameter' },
      });
    }
    t.like(await request(`${program().url}/api/admin/settings`, { token: adminToken() }), {
      ...{ default_alias: null, unknown_alias: null, plans_url: null, account_url: null },
      api_keys_per_member: 50,
    });
  },
);

test.serial('what a call was charged stands beside its usage, for who asks', async (t) => {
  const member = await someone();
  const Costly = z.object({
    usage: z.looseObject({ cost: z.string().optional(), cost_currency: z.string().optional() }),
  });
  const by = { token: member.key };
  const plain = await post({ model: 'small' }, by);
  t.is(Costly.parse(await plain.json()).usage.cost, undefined);
  const header = { ...by, headers: { 'x-include-cost': 'true' } };
  const body = Costly.parse(await (await post({ model: 'small' }, header)).json());
  const streamed = await post(
    { model: 'small', stream: true, stream_options: { include_cost: true } },
    by,
  );
  const last = Costly.parse(await lastChunkOf(streamed));
  const message = await jsonRequest(`${program().url}/v1/messages`, {
    ...{ method: 'POST', ...header, body: { model: 'small', messages, max_tokens: 20 } },
  });
  const said = Costly.parse(await message.json());
  const rows = await settledCalls(program(), member.token, 4);
  t.is(rows.length, 4);
  for (const { usage } of [body, last, said]) {
    // 10 tokens in at 1 and 4 out at 2 a million.
    t.like(usage, { cost: '0.000018', cost_currency: 'CNY' });
    t.true(rows.every(({ charge }) => charge === usage.cost));
  }
  t.notRegex(JSON.stringify(mock().asked), /include_cost/);
});
