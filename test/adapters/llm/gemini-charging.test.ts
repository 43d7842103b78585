import test from 'ava';
import type { MockGemini } from '../../support/mock-gemini.ts';
import { startMockGemini } from '../../support/mock-gemini.ts';
import { allChunks, aSound, bodyOf, paidCalls } from '../../support/paid-calls.ts';
import { cost, endsWith } from '../../support/paid-mock.ts';
import { toGemini } from '../../support/upstreams-at.ts';

let mock: MockGemini;
let upstream: ReturnType<typeof toGemini>;

test.before(async () => {
  mock = await startMockGemini();
  upstream = toGemini(mock.url);
});
test.after.always(async () => {
  await upstream.close();
  await mock.close();
});

const on = (how: string) =>
  paidCalls({ upstreams: [upstream], models: [{ upstream: 'gemini', model: `gemini?${how}` }] });

const hearing = (how: string) =>
  paidCalls({
    upstreams: [upstream],
    models: [{ upstream: 'gemini', model: `gemini?${how}` }],
    prices: { input: '1', cachedInput: '0.5', output: '3', audioInput: '6' },
  });

for (const stream of [false, true]) {
  test(`what was heard is charged by its kind, or counted where it isn’t told, stream ${stream}`, async (t) => {
    for (const [how, expected] of [
      [
        'input=300&heard=256&cached=20&output=9',
        {
          ...{ basis: 'usage', charge: '0.001597' },
          usage: { input: 24, cachedInput: 20, audioInput: 256, output: 9 },
        },
      ],
      ['input=300&chunks=9', { basis: 'estimate', usage: { audioInput: 8 * 32, output: 9 } }],
    ] as const) {
      const calls = await hearing(how);
      const answer = await calls.call({ messages: [{ role: 'user', content: [aSound] }], stream });
      if (answer.stream) await allChunks(answer);
      await endsWith(t, calls, 'UsageSettled', expected);
    }
  });

  test(`what a cache had is charged as cached, what was thought as output, stream ${stream}`, async (t) => {
    const calls = await on('input=100&cached=40&read=5&output=9&thinking=2');
    const answer = await calls.call({ stream });
    const said = stream ? (await allChunks(answer)).length : bodyOf(answer).choices;
    t.truthy(said);
    await endsWith(t, calls, 'UsageSettled', {
      basis: 'usage',
      charge: cost(65, 11, 40),
      usage: { input: 65, cachedInput: 40, output: 9, reasoning: 2 },
    });
  });

  test(`an answer that the model spoilt costs nothing, stream ${stream}`, async (t) => {
    const calls = await on('finish=MALFORMED_FUNCTION_CALL');
    const read = async () => allChunks(await calls.call({ stream: true }));
    await t.throwsAsync(stream ? read() : calls.call());
    await endsWith(t, calls, 'ReservationReleased', { asset: 'CNY' });
  });
}

test('a refused prompt is an answer, and its input is paid', async (t) => {
  const calls = await on('blocked=SAFETY&input=30&output=0');
  bodyOf(await calls.call());
  await endsWith(t, calls, 'UsageSettled', { basis: 'usage', charge: cost(30, 0) });
});
