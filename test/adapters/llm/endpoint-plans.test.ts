import test from 'ava';
import { z } from 'zod';
import type { Upstream } from '../../../src/adapters/llm/upstream.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { endpointCases } from '../../support/endpoint-cases.ts';
import { allChunks } from '../../support/paid-calls.ts';
import { endsWith, faultOf, paidMockFor } from '../../support/paid-mock.ts';

const upstream = paidMockFor(test);

const caseOf = (name: string) => {
  const found = endpointCases.find((each) => each.name === name);
  if (!found) throw new Error(`There is no case of ${name}.`);
  return found;
};

/** What a wallet with an allowance pays with; an allowance that can't measure a call is left alone. */
const payments: readonly [name: string, allowance: string, asset: string, charge: string][] = [
  ['chats with sound', 'tokens', 'tokens', '111'],
  ['chats with sound', 'characters', 'CNY', '0.000623'],
  ['chats with sound', 'requests', 'requests', '1'],
  ['spoken chats', 'tokens', 'tokens', '27'],
  ['spoken chats', 'characters', 'CNY', '0.000286'],
  ['completions', 'tokens', 'tokens', '9'],
  ['completions', 'characters', 'characters', '35'],
  ['embeddings', 'tokens', 'tokens', '3'],
  ['embeddings', 'characters', 'characters', '5'],
  ['moderations', 'characters', 'characters', '5'],
  ['speech', 'characters', 'characters', '5'],
  ['speech', 'tokens', 'CNY', '0.00005'],
  ['transcriptions by the second', 'tokens', 'CNY', '0.0009'],
  ['transcriptions by the second', 'characters', 'CNY', '0.0009'],
  ['transcriptions by their tokens', 'tokens', 'tokens', '108'],
  ['transcriptions by their tokens', 'characters', 'CNY', '0.00062'],
  ['images by the piece', 'tokens', 'CNY', '0.08'],
  ['images by the piece', 'characters', 'CNY', '0.08'],
  ['images by their tokens', 'tokens', 'tokens', '250'],
  ['images by the piece', 'requests', 'requests', '1'],
  ['speech', 'requests', 'requests', '1'],
];

for (const [name, allowance, asset, charge] of payments) {
  test(`${name}: with an allowance of ${allowance} it is paid in ${asset}`, async (t) => {
    const { model, body, streams, ...asking } = caseOf(name);
    const credit = { [allowance]: '100000', CNY: '1' };
    const calls = await upstream.on(model, { ...asking, credit });
    const answer = await calls.call(body ?? {});
    t.is(answer.stream, streams === 'always');
    if (answer.stream) await allChunks(answer);
    await endsWith(t, calls, 'UsageSettled', { asset, charge });
  });
}

test('tokens that came as numbers have no characters, so that money pays for them', async (t) => {
  const { model, body: _, ...asking } = caseOf('completions');
  const credit = { characters: '100000', CNY: '1' };
  const calls = await upstream.on(model, { ...asking, credit });
  await calls.call({ prompt: [1, 2, 3] });
  await endsWith(t, calls, 'UsageSettled', { asset: 'CNY' });
});

test('a completion that is paid in characters ends where they end', async (t) => {
  const { model, body: _, ...asking } = caseOf('completions');
  // Five characters of a question, and four for each of sixteen tokens.
  const credit = { characters: '69' };
  const calls = await upstream.on(`${model}&text=0123456789`, { ...asking, credit });
  const answer = await calls.call({ stream: true, max_tokens: 16, n: 1 });
  const chunks = await allChunks(answer);
  const written = chunks.map((chunk) => JSON.parse(JSON.stringify(chunk)).choices[0]);
  t.is(written.map((choice) => choice?.text ?? '').join('').length, 60);
  await endsWith(t, calls, 'UsageSettled', { asset: 'characters', charge: '65' });
});

test('who doesn’t serve an endpoint is no candidate, and nobody else is an answer of its own', async (t) => {
  const talker: Upstream = { ...upstream.adapter, id: 'talker', serves: (name) => name === 'chat' };
  const { model, body: _, streams, ...asking } = caseOf('embeddings');
  const models = [
    { upstream: 'talker', model },
    { upstream: 'mock', model },
  ];
  const upstreams = [talker, upstream.adapter];
  const both = await upstream.on(model, { ...asking, upstreams, models });
  await both.call();
  await endsWith(t, both, 'UsageSettled', { upstream: 'mock' });
  const alone = await upstream.on(model, { ...asking, upstreams: [talker], models });
  const fault = await t.throwsAsync(alone.call());
  t.like(fault, { code: 'unsupported_input', why: 'not_served', param: 'model' });
  t.deepEqual(alone.ends(), []);
});

test('what a list has no price for is not sold', async (t) => {
  for (const name of [
    ...['speech', 'images by the piece', 'transcriptions by their tokens'],
    ...['chats with sound', 'spoken chats'],
  ]) {
    const { model, body, prices: _, ...asking } = caseOf(name);
    const calls = await upstream.on(model, asking);
    t.is(await faultOf(t, calls.call(body ?? {})), 'unsupported_input');
    t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
  }
});

test('more pictures than are paid for can’t be asked for in other words', async (t) => {
  const { model, ...asking } = caseOf('images by the piece');
  for (const more of [{ batch_size: 4 }, { sequential_image_generation: 'auto' }]) {
    const calls = await upstream.on(model, asking);
    t.is(await faultOf(t, calls.call({ n: 1, ...more })), 'unsupported_input');
    t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
  }
});

const Held = z.looseObject({ amount: z.string() });

test('pictures that come with a request for one are held for, wherever they are', async (t) => {
  const { model, body, ...asking } = caseOf('images by their tokens');
  const held = async (more: object) => {
    const calls = await upstream.on(model, asking);
    await calls.call({ ...body, ...more });
    const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
    return new Decimal(Held.parse(reserved?.data).amount);
  };
  const bare = await held({});
  const image = ['https://x.example/x.png', 'data:image/png;base64,aGV5IQ=='];
  // 6,500 tokens each, at 8 a million.
  t.is((await held({ image })).minus(bare).toFixed(), '0.104');
});

test('a sound is held for as if it were as long as its bytes allow', async (t) => {
  const { model, ...asking } = caseOf('transcriptions by the second');
  const calls = await upstream.on(model, asking);
  await calls.call();
  const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
  // 64,000 bytes at a thousand a second.
  t.like(reserved?.data, { amount: '0.0064', maxOutput: 0, tokens: '0' });
});

test('more than was held for is an event of its own, as with any call', async (t) => {
  const { model: _, ...asking } = caseOf('transcriptions by the second');
  const calls = await upstream.on('whisper-1?input=100', asking);
  await calls.call();
  const [settled, overage] = calls.ends();
  t.like(settled, { type: 'UsageSettled', data: { charge: '0.0064', usage: { seconds: 100 } } });
  t.like(overage, { type: 'OverageAccrued', data: { amount: '0.0036', treatment: 'absorbed' } });
});
