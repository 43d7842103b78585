import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { inputOf } from '../../../src/adapters/llm/input.ts';
import { familyOf } from '../../../src/adapters/llm/tokenizer.ts';
import { inputBounds } from '../../../src/adapters/llm/whole-input.ts';
import { endpointCases } from '../../support/endpoint-cases.ts';
import { aTenth } from '../../support/mock-answers.ts';
import { allChunks, bodyOf } from '../../support/paid-calls.ts';
import { endsWith, faultOf, paidMockFor } from '../../support/paid-mock.ts';

/** What is particular to chats that hear and speak; MONEY's rows of them are in `charging-endpoints.test.ts`. */
const upstream = paidMockFor(test);

const readerOf = (model: string) => ({ model, family: familyOf(model) });

const caseOf = (name: string) => {
  const found = endpointCases.find((each) => each.name === name);
  if (!found) throw new Error(`There is no case of ${name}.`);
  return { ...found, body: found.body ?? {} };
};

test('sound that a list has no price for is refused by the field that asks for it', async (t) => {
  const { model, body: hearing, prices } = caseOf('chats with sound');
  const { body: speaking } = caseOf('spoken chats');
  const { audioInput: _, ...ofText } = prices ?? {};
  for (const [asked, sold, param] of [
    [hearing, ofText, 'messages[0].content[1]'],
    [hearing, { ...ofText, audioOutput: '20' }, 'messages[0].content[1]'],
    [speaking, ofText, 'modalities'],
    [{ ...hearing, ...speaking }, prices, 'modalities'],
  ] as const) {
    const calls = await upstream.on(model, sold ? { prices: { ...sold, ...texts } } : {});
    const fault = await t.throwsAsync(calls.call(asked), { instanceOf: CallFault });
    t.like(fault, { code: 'unsupported_input', why: 'not_priced', param });
    t.false(calls.log.events.some(({ type }) => type === 'CreditReserved'));
  }
});

const texts = { input: '1', cachedInput: '0.5', output: '3' };

test('a sound is held for as if it were as long as its bytes allow', async (t) => {
  const { model, body, prices = texts } = caseOf('chats with sound');
  const calls = await upstream.on(model, { prices });
  await calls.call(body);
  const { input } = await inputBounds([readerOf(model)], inputOf(body), 0);
  const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
  // 64,000 bytes at a thousand a second, ten tokens each; and 64 tokens of answer.
  const micros = input + 6 * 640 + 3 * 64;
  t.like(reserved?.data, { amount: `0.00${micros}`, tokens: `${input + 640 + 64}` });
});

test('an answer that may be spoken is held for as if all of it were', async (t) => {
  const { model, body } = caseOf('spoken chats');
  for (const [audioOutput, dearest] of [
    ['20', 20],
    ['2', 3],
  ] as const) {
    const calls = await upstream.on(model, { prices: { ...texts, audioOutput } });
    await calls.call({ ...body, max_tokens: 100 });
    const asked = { messages: [{ role: 'user', content: 'Hello' }] };
    const { input } = await inputBounds([readerOf(model)], inputOf(asked), 0);
    const reserved = calls.log.events.find(({ type }) => type === 'CreditReserved');
    t.like(reserved?.data, { amount: `0.00${`${input + 100 * dearest}`.padStart(4, '0')}` });
  }
});

test('more sound than was held for is an event of its own, as with any call', async (t) => {
  const { body, prices = texts } = caseOf('chats with sound');
  const calls = await upstream.on('gpt-4o?input=2000&heard=1990', { prices });
  await calls.call(body);
  const [settled, overage] = calls.ends();
  t.like(settled, { type: 'UsageSettled', data: { usage: { input: 10, audioInput: 1_990 } } });
  t.like(overage, { type: 'OverageAccrued', data: { treatment: 'absorbed' } });
});

for (const stream of [false, true]) {
  test(`a total that nobody splits is counted by us, stream ${stream}`, async (t) => {
    const { body, prices = texts, uncounted } = caseOf('chats with sound');
    // Some details are there, and none of sound.
    const calls = await upstream.on('gpt-4o?input=88&cached=3&chunks=6', { prices });
    const answer = await calls.call({ ...body, stream });
    if (answer.stream) await allChunks(answer);
    await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', ...uncounted });
  });

  test(`the same of a sound that came out, never above the hold, stream ${stream}`, async (t) => {
    const { body, prices = texts } = caseOf('spoken chats');
    for (const [limit, audioOutput] of [
      [64, 12],
      [8, 2],
      [5, undefined],
    ] as const) {
      const calls = await upstream.on('gpt-4o?input=8&chunks=6', { prices });
      const answer = await calls.call({ ...body, stream, max_tokens: limit });
      if (answer.stream) await allChunks(answer);
      await endsWith(t, calls, 'UsageSettled', {
        basis: 'estimate',
        usage: { output: Math.min(6, limit), ...(audioOutput ? { audioOutput } : {}) },
      });
      t.is(calls.ends().length, 1);
    }
  });

  test(`an answer in writing to who wanted a sound has its own usage, stream ${stream}`, async (t) => {
    const { body, prices = texts } = caseOf('spoken chats');
    const calls = await upstream.on('gpt-4o?tool=yes&input=9&chunks=1&output=5', { prices });
    const answer = await calls.call({ ...body, stream });
    if (answer.stream) await allChunks(answer);
    const charged = { basis: 'usage', charge: '0.000024' };
    await endsWith(t, calls, 'UsageSettled', charged);
  });
}

test('what upstreams charge for sound is booked by their own prices, or unknown', async (t) => {
  const { model, body, prices = texts } = caseOf('chats with sound');
  const ofText = { currency: 'USD', input: '0.2', cachedInput: '0.1', output: '0.9' };
  for (const [cost, costs] of [
    [{ ...ofText, audioInput: '2' }, ['0.0002064']],
    [ofText, []],
  ] as const) {
    for (const usage of ['yes', 'no']) {
      const models = [{ upstream: 'mock', model: `${model}&usage=${usage}`, cost }];
      const calls = await upstream.on(model, { prices, models });
      await calls.call(body);
      const counted = costs.length > 0 && usage === 'no' ? ['0.000167'] : costs;
      await endsWith(t, calls, 'UsageSettled', { outcome: 'completed', costs: counted });
    }
  }
});

test('a spoken answer passes as it came, whole', async (t) => {
  const { model, body, ...asking } = caseOf('spoken chats');
  const calls = await upstream.on(model, asking);
  const { choices, usage } = JSON.parse(JSON.stringify(bodyOf(await calls.call(body))));
  t.deepEqual(choices[0].message, {
    ...{ role: 'assistant', content: null, refusal: null },
    audio: {
      ...{ id: 'audio_4711', expires_at: 1_767_229_200 },
      ...{ transcript: ' word'.repeat(6), data: aTenth.repeat(6) },
    },
  });
  t.like(usage, { completion_tokens: 19, completion_tokens_details: { audio_tokens: 13 } });
});

test('a spoken answer passes as it came, piece by piece', async (t) => {
  const { model, body, ...asking } = caseOf('spoken chats');
  const calls = await upstream.on(model, asking);
  const chunks = await allChunks(await calls.call({ ...body, stream: true }));
  const deltas = chunks.map((chunk) => JSON.parse(JSON.stringify(chunk)).choices[0].delta);
  const id = 'audio_4711';
  t.deepEqual(deltas, [
    { role: 'assistant', audio: { id, transcript: ' word', data: aTenth } },
    ...Array.from({ length: 5 }, () => ({ audio: { id, transcript: ' word', data: aTenth } })),
    { audio: { id, expires_at: 1_767_229_200 } },
  ]);
});

test('what goes in goes out as it came', async (t) => {
  const { body, prices = texts } = caseOf('chats with sound');
  const calls = await upstream.on('gpt-4o?heard=9&passed=on', { prices });
  await calls.call(body);
  const sent = upstream.mock.asked.find(({ model }) => model === 'gpt-4o?heard=9&passed=on');
  t.deepEqual(sent?.messages, JSON.parse(JSON.stringify(body.messages)));
});

test('an upstream that breaks a spoken answer off is paid nothing for it', async (t) => {
  const { model, body, ...asking } = caseOf('spoken chats');
  const calls = await upstream.on(`${model}&cut=error`, asking);
  t.is(await faultOf(t, calls.call({ ...body, stream: true }).then(allChunks)), 'upstream_failed');
  await endsWith(t, calls, 'ReservationReleased', { outcome: 'upstream_failed' });
});
