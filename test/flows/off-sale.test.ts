import test from 'ava';
import { z } from 'zod';
import { gatewayWorld } from '../support/gateway-world.ts';
import { jsonRequest } from '../support/json-request.ts';
import { settledCalls } from '../support/people.ts';
import { errorOf, modelOf } from '../support/v1-answers.ts';

const { adminToken, alias, lastAsked, person, post, program, put, sell, settings, someone } =
  gatewayWorld(test);

const withdraw = async (path: string) => {
  const { status } = await jsonRequest(`${program().url}/api/admin/${path}`, {
    ...{ method: 'DELETE', token: adminToken() },
  });
  if (status !== 204) throw new Error(`${path} was answered ${status}.`);
};
const Models = z.object({ data: z.array(z.object({ id: z.string() })) });
const offered = async () => {
  const answer = await jsonRequest(`${program().url}/v1/models`, { token: person().key });
  return Models.parse(await answer.json()).data.map(({ id }) => id);
};
const notFound = (model: string) => ({
  ...{ status: 404, code: 'model_not_found', type: 'invalid_request_error' },
  message: `The model \`${model}\` does not exist or you do not have access to it.`,
});

test.serial('no call finds what is off sale, until it is given a price again', async (t) => {
  await sell('leaving', 'leaving');
  t.is((await post({ model: 'leaving' })).status, 200);
  t.true((await offered()).includes('leaving'));
  await withdraw('models/leaving');
  t.like(await errorOf(await post({ model: 'leaving' })), notFound('leaving'));
  t.false((await offered()).includes('leaving'));
  const one = await jsonRequest(`${program().url}/v1/models/leaving`, { token: person().key });
  t.is(one.status, 404);
  await alias('leaving', {});
  t.is((await post({ model: 'leaving' })).status, 200);
  t.is(lastAsked().model, 'leaving');
  t.true((await offered()).includes('leaving'));
});

test.serial('a call in flight ends, at the price that it began with', async (t) => {
  await sell('lasting', 'mock?chunks=4&input=100&output=10&delay=100');
  const { key, token } = await someone();
  const answer = await post({ model: 'lasting', stream: true }, { token: key });
  await withdraw('models/lasting');
  t.like(await errorOf(await post({ model: 'lasting' }, { token: key })), notFound('lasting'));
  t.regex(await answer.text(), /\[DONE\]/);
  const [call] = await settledCalls(program(), token, 1);
  t.like(call, { status: 'settled', charge: '0.00012' });
});

test.serial('a default that is off sale answers nothing, and answers again with it', async (t) => {
  await sell('standing-in', 'standing-in');
  await settings({ default_alias: 'standing-in', unknown_alias: 'standing-in' });
  t.is(await modelOf(await post({})), 'standing-in');
  t.is(await modelOf(await post({ model: 'gpt-99' })), 'standing-in');
  await withdraw('models/standing-in');
  t.like(await errorOf(await post({})), {
    ...{ status: 400, message: 'you must provide a model parameter' },
  });
  t.like(await errorOf(await post({ model: 'gpt-99' })), notFound('gpt-99'));
  // What else is changed does not stumble over it.
  await settings({ account_url: 'https://shop.example/me' });
  await alias('standing-in', {});
  t.is(await modelOf(await post({ model: 'gpt-99' })), 'standing-in');
  t.is(await modelOf(await post({})), 'standing-in');
  // And a name that is off sale is an unknown one.
  await sell('retired', 'retired');
  await withdraw('models/retired');
  t.is(await modelOf(await post({ model: 'retired' })), 'standing-in');
  await settings({ default_alias: null, unknown_alias: null });
});

test.serial('without its route an alias is answered by who answers by default', async (t) => {
  await sell('plain', 'a-model');
  await post({ model: 'plain' });
  t.is(lastAsked().model, 'a-model');
  await withdraw('routes/plain');
  t.is((await post({ model: 'plain' })).status, 200);
  t.is(lastAsked().model, 'plain');
  await put('/api/admin/routes/plain', {
    candidates: [{ upstream: 'openai_like', model: 'b-model' }],
  });
  await post({ model: 'plain' });
  t.is(lastAsked().model, 'b-model');
});
