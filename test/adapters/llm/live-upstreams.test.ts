import test from 'ava';
import { pino } from 'pino';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { liveUpstreams } from '../../../src/adapters/llm/live-upstreams.ts';
import { upstreamOpener } from '../../../src/adapters/llm/open-upstream.ts';
import { sandboxUpstream } from '../../../src/adapters/llm/sandbox.ts';
import type { UpstreamTerms } from '../../../src/domain/upstream/events.ts';
import { eventually } from '../../support/eventually.ts';
import type { MockUpstream } from '../../support/mock-upstream.ts';
import { startMockUpstream } from '../../support/mock-upstream.ts';

const silent = pino({ level: 'silent' });
const key = { keyId: '0f0e6a9e-6a3c-4d0b-9f47-2f0b1f0c5b11', fingerprint: '0123456789ab' };
const timeouts = { connectMs: 5_000, firstTokenMs: 20_000, wholeMs: 20_000, idleMs: 20_000 };

interface Ends {
  teardown(end: () => Promise<void>): void;
}

async function mock(t: Ends): Promise<MockUpstream> {
  const upstream = await startMockUpstream();
  t.teardown(upstream.close);
  return upstream;
}

function live(t: Ends, { fixedUrl = '', keyOf = async () => 'sk-kept' } = {}) {
  const fixed = {
    id: 'fixed',
    kind: 'openai_like',
    baseUrl: `${fixedUrl}/v1`,
    apiKey: '',
  } as const;
  const upstreams = liveUpstreams({
    fixed: fixedUrl === '' ? [] : [fixed],
    builtIn: sandboxUpstream(),
    open: upstreamOpener({
      ...{ timeouts, nowMs: () => performance.now(), circuitOpenMs: 1_000, log: silent },
    }),
    ...{ keyOf, log: silent },
  });
  t.teardown(upstreams.close);
  const ask = async (id: string, model = 'm') => {
    const upstream = upstreams.upstreams.get(id);
    if (!upstream) return undefined;
    const { signal } = new AbortController();
    const body = { stream: true, messages: [{ role: 'user', content: 'Hello' }] };
    const answer = await upstream.ask({
      endpoint: 'chat',
      model,
      body,
      stream: true,
      maxOutput: 9,
      signal,
    });
    if (!answer.stream) throw new Error('It was to stream.');
    return answer.chunks;
  };
  const read = async (id: string, model?: string) => {
    const chunks = await ask(id, model);
    return chunks && (await Array.fromAsync(chunks)).flat().length;
  };
  return { upstreams, ask, read };
}

const termsAt = ({ url }: MockUpstream, more: Partial<UpstreamTerms> = {}): UpstreamTerms => ({
  ...{ kind: 'openai_like', baseUrl: `${url}/v1`, capacity: null, enabled: true, keys: [key] },
  ...more,
});

test('an upstream that is set up takes calls, with its capacity', async (t) => {
  const one = await mock(t);
  const { upstreams, read } = live(t);
  t.is(await read('new'), undefined);
  upstreams.change('new', termsAt(one, { capacity: 3 }));
  await upstreams.settled();
  t.truthy(await read('new'));
  t.is(upstreams.capacityOf('new'), 3);
  t.is(upstreams.capacityOf('sandbox'), null);
  t.deepEqual(['new', 'sandbox', 'other'].map(upstreams.isSetUp), [true, true, false]);
  t.like(upstreams.known(), [{ id: 'new', source: 'log', isOpen: true }, { id: 'sandbox' }]);
});

test('what is left out depends on who is asked by now', async (t) => {
  const { upstreams } = live(t);
  const one = await mock(t);
  const omits = () => upstreams.upstreams.get('new')?.omits?.('chat', { foo: 1 });
  upstreams.change('new', termsAt(one));
  await upstreams.settled();
  t.deepEqual(omits(), []);
  upstreams.change('new', termsAt(one, { kind: 'claude' }));
  await upstreams.settled();
  t.deepEqual(omits(), ['foo']);
});

test('one of the environment is overridden by one of its name', async (t) => {
  const [one, other] = [await mock(t), await mock(t)];
  const { upstreams, read } = live(t, { fixedUrl: one.url });
  await read('fixed');
  t.is(one.asked.length, 1);
  t.like(upstreams.known()[0], { id: 'fixed', source: 'environment' });
  upstreams.change('fixed', termsAt(other));
  await upstreams.settled();
  await read('fixed');
  t.deepEqual([one.asked.length, other.asked.length], [1, 1]);
  t.like(upstreams.known()[0], { id: 'fixed', source: 'log' });
});

test('one that is removed takes no call, and is another when it is set up again', async (t) => {
  const [one, other] = [await mock(t), await mock(t)];
  const { upstreams, ask, read } = live(t);
  upstreams.change('new', termsAt(one));
  await upstreams.settled();
  const begun = await ask('new');
  upstreams.change('new', undefined);
  await upstreams.settled();
  t.is(await read('new'), undefined);
  t.false(upstreams.isSetUp('new'));
  t.deepEqual(
    upstreams.known().map(({ id }) => id),
    ['sandbox'],
  );
  t.true((await Array.fromAsync(begun ?? [])).flat().length > 0);
  upstreams.change('new', undefined);
  upstreams.change('new', termsAt(other));
  await upstreams.settled();
  await read('new');
  t.deepEqual([one.asked.length, other.asked.length], [1, 1]);
});

test('where one is removed that stood for one of the environment, that one answers again', async (t) => {
  const [one, other] = [await mock(t), await mock(t)];
  const { upstreams, read } = live(t, { fixedUrl: one.url });
  upstreams.change('fixed', termsAt(other, { capacity: 3 }));
  await upstreams.settled();
  upstreams.change('fixed', undefined);
  await upstreams.settled();
  await read('fixed');
  t.deepEqual([one.asked.length, other.asked.length], [1, 0]);
  t.like(upstreams.known()[0], { id: 'fixed', source: 'environment' });
  t.is(upstreams.capacityOf('fixed'), null);
});

test('one that could not be opened is tried no more once it is removed', async (t) => {
  const one = await mock(t);
  let asked = 0;
  const { upstreams } = live(t, {
    keyOf: () => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve('sk-kept');
    },
  });
  upstreams.change('late', termsAt(one));
  await upstreams.settled();
  upstreams.change('late', undefined);
  upstreams.change('next', termsAt(one));
  await eventually(() => upstreams.upstreams.has('next'));
  await new Promise((resolve) => setTimeout(resolve, 400));
  t.false(upstreams.upstreams.has('late'));
});

test('a replaced upstream finishes what it is in the middle of', async (t) => {
  const [one, other] = [await mock(t), await mock(t)];
  const { upstreams, ask, read } = live(t);
  upstreams.change('moving', termsAt(one));
  await upstreams.settled();
  const chunks = await ask('moving', 'm?chunks=30&delay=5');
  if (!chunks) throw new Error('It was to answer.');
  const reading = chunks[Symbol.asyncIterator]();
  await reading.next();
  upstreams.change('moving', termsAt(other));
  await upstreams.settled();
  await read('moving');
  t.is(other.asked.length, 1);
  let last = await reading.next();
  while (!last.done) last = await reading.next();
  t.is(one.abandoned(), 0);
  await eventually(() => one.completed() === 1);
});

test('a disabled upstream takes no new call, whoever has it in hand', async (t) => {
  const one = await mock(t);
  const { upstreams, read } = live(t);
  upstreams.change('off', termsAt(one));
  await upstreams.settled();
  const inHand = upstreams.upstreams.get('off');
  upstreams.change('off', termsAt(one, { enabled: false }));
  await upstreams.settled();
  t.is(await read('off'), undefined);
  t.is(upstreams.probeOf('off'), undefined);
  const { signal } = new AbortController();
  const asking = inHand?.ask({
    endpoint: 'chat',
    model: 'm',
    body: {},
    stream: false,
    maxOutput: 1,
    signal,
  });
  const fault = await t.throwsAsync(Promise.resolve(asking), { instanceOf: CallFault });
  t.like(fault, { code: 'upstream_failed', retryable: true });
  t.is(one.asked.length, 0);
  upstreams.change('off', termsAt(one));
  await upstreams.settled();
  t.truthy(await read('off'));
});

test('one whose key can’t be read is tried again, and what was there goes on meanwhile', async (t) => {
  const [one, other] = [await mock(t), await mock(t)];
  let isAway = false;
  const keyOf = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve('sk-kept'));
  const { upstreams, read } = live(t, { keyOf });
  upstreams.change('kept', termsAt(one));
  await upstreams.settled();
  isAway = true;
  upstreams.change('kept', termsAt(other));
  upstreams.change('fresh', termsAt(other));
  await upstreams.settled();
  await read('kept');
  t.is(one.asked.length, 1);
  t.like(upstreams.known()[1], { id: 'fresh', isOpen: false });
  isAway = false;
  await eventually(async () => {
    await read('kept');
    return other.asked.length > 0;
  });
});

test('the newest of several changes at once is what stays', async (t) => {
  const [one, other] = [await mock(t), await mock(t)];
  const slow = { first: true };
  const keyOf = async () => {
    if (slow.first) {
      slow.first = false;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    return 'sk-kept';
  };
  const { upstreams, read } = live(t, { keyOf });
  const replaced: string[] = [];
  upstreams.onReplaced((id) => void replaced.push(id));
  upstreams.change('raced', termsAt(one));
  upstreams.change('raced', termsAt(other));
  await upstreams.settled();
  await new Promise((resolve) => setTimeout(resolve, 60));
  await read('raced');
  t.deepEqual([one.asked.length, other.asked.length, replaced], [0, 1, ['raced']]);
});
