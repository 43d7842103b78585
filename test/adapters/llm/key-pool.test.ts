import test from 'ava';
import { CallFault } from '../../../src/adapters/llm/call-fault.ts';
import { keyPool } from '../../../src/adapters/llm/key-pool.ts';
import type { OpenUpstream, UpstreamAnswer } from '../../../src/adapters/llm/upstream.ts';

const limited = (retryAfterMs?: number) =>
  new CallFault('upstream_limited', 'Busy.', {
    ...{ retryable: true, passing: true, ofKey: true, retryAfterMs },
  });
const wrongKey = new CallFault('upstream_failed', 'Wrong key.', { retryable: true, ofKey: true });
const down = new CallFault('upstream_failed', 'Down.', { retryable: true, passing: true });
const refused = new CallFault('upstream_refused', 'Wrong.');

/** Two keys whose faults a test sets; each answers with its name. */
function pool() {
  const clock = { nowMs: 0 };
  const faults = new Map<string, CallFault>();
  const asked: string[] = [];
  const ended: string[] = [];
  const lineOf = (keyId: string): OpenUpstream => {
    const answer = () => {
      asked.push(keyId);
      const fault = faults.get(keyId);
      return fault ? Promise.reject(fault) : Promise.resolve();
    };
    return {
      id: 'one',
      family: () => 'sandbox',
      serves: () => true,
      omits: () => ['seed'],
      ask: async (): Promise<UpstreamAnswer> => {
        await answer();
        return { stream: false, body: async () => ({ id: keyId }), partial: () => '' };
      },
      probe: answer,
      finish: async () => void ended.push(`${keyId} finished`),
      close: async () => void ended.push(`${keyId} closed`),
    };
  };
  const log = { warn: () => undefined, info: () => undefined };
  const keyed = (keyId: string) => ({ keyId, line: lineOf(keyId) });
  const keys = keyPool('one', [keyed('a'), keyed('b')], {
    ...{ nowMs: () => clock.nowMs, circuitOpenMs: 1_000, log },
  });
  const { signal } = new AbortController();
  const ask = () =>
    keys.ask({ endpoint: 'chat', model: 'm', body: {}, stream: false, maxOutput: 1, signal }).then(
      () => asked.at(-1),
      (fault: unknown) => fault,
    );
  return { clock, faults, asked, ended, keys, ask, signal };
}

test('calls are spread over the keys', async (t) => {
  const { ask, asked } = pool();
  for (let n = 0; n < 10; n += 1) await ask();
  t.is(asked.filter((key) => key === 'a').length, 5);
});

test('a key that has rested takes its turns again, and not all that it has missed', async (t) => {
  const { ask, asked, faults, clock } = pool();
  faults.set('a', limited(20_000));
  for (let n = 0; n < 20; n += 1) await ask();
  faults.clear();
  clock.nowMs = 20_000;
  asked.length = 0;
  for (let n = 0; n < 10; n += 1) await ask();
  t.is(asked.filter((key) => key === 'a').length, 5);
});

for (const [what, fault, restsMs] of [
  ['is limited and says for how long', limited(20_000), 20_000],
  ['is limited and doesn’t say for how long', limited(), 1_000],
  ['is wrong', wrongKey, 60_000],
] as const) {
  test(`a key that ${what} rests while the other goes on`, async (t) => {
    const { ask, asked, faults, clock, keys } = pool();
    faults.set('a', fault);
    t.is(await ask(), 'b');
    t.deepEqual(asked, ['a', 'b']);
    t.deepEqual(keys.resting(), ['a']);
    clock.nowMs = restsMs - 1;
    for (let n = 0; n < 5; n += 1) t.is(await ask(), 'b');
    t.is(asked.filter((key) => key === 'a').length, 1);
    faults.clear();
    clock.nowMs = restsMs;
    t.deepEqual(keys.resting(), []);
    t.is(await ask(), 'a');
  });
}

test('an upstream is limited until the first of its keys is not', async (t) => {
  const { ask, faults, clock } = pool();
  faults.set('a', limited(20_000)).set('b', limited(5_000));
  t.like(await ask(), { code: 'upstream_limited', retryable: true, retryAfterMs: 5_000 });
  clock.nowMs = 1_000;
  faults.clear();
  // Nobody else is left: the one that rests shortest is asked after all.
  t.is(await ask(), 'b');
});

test('what is no key’s fault is not asked again with another one', async (t) => {
  for (const fault of [down, refused]) {
    const { ask, asked, faults } = pool();
    faults.set('a', fault).set('b', fault);
    t.is(await ask(), fault);
    t.deepEqual(asked, ['a']);
  }
});

test('a key that fails most calls is left alone for a while', async (t) => {
  const { ask, asked, faults, clock, keys } = pool();
  faults.set('a', down);
  for (let n = 0; n < 12; n += 1) await ask();
  t.deepEqual(keys.resting(), ['a']);
  const before = asked.filter((key) => key === 'a').length;
  for (let n = 0; n < 5; n += 1) t.is(await ask(), 'b');
  t.is(asked.filter((key) => key === 'a').length, before);
  clock.nowMs = 1_000;
  faults.clear();
  t.is(await ask(), 'a');
  t.deepEqual(keys.resting(), []);
});

test('an upstream is well when one of its keys is', async (t) => {
  const { keys, faults, signal } = pool();
  faults.set('a', wrongKey);
  await t.notThrowsAsync(keys.probe(signal));
  faults.set('b', wrongKey);
  await t.throwsAsync(keys.probe(signal), { is: wrongKey });
});

test('all of its lines end with it', async (t) => {
  const { keys, ended } = pool();
  await keys.finish();
  await keys.close();
  t.deepEqual(ended, ['a finished', 'b finished', 'a closed', 'b closed']);
});

test('what a pool leaves out is what its lines leave out', (t) => {
  t.deepEqual(pool().keys.omits?.('chat', {}), ['seed']);
});
