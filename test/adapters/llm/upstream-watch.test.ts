import test from 'ava';
import { beyondProtocol } from '../../../src/adapters/llm/beyond-protocol.ts';
import { CallFault, refusedFor } from '../../../src/adapters/llm/call-fault.ts';
import type { FirstAnswer } from '../../../src/adapters/llm/first-answer.ts';
import type { Json } from '../../../src/adapters/llm/upstream.ts';
import { upstreamWatch } from '../../../src/adapters/llm/upstream-watch.ts';

const model = { upstream: 'one', model: 'm' };
const failure = new CallFault('upstream_failed', 'It fails.', { retryable: true });
const open = () => new AbortController().signal;

function watching({ capacity = null }: { readonly capacity?: number | null } = {}) {
  const clock = { nowMs: 0 };
  const logged: string[] = [];
  const told = (level: string) => () => void logged.push(level);
  const watch = upstreamWatch({
    nowMs: () => clock.nowMs,
    capacityOf: () => capacity,
    circuitOpenMs: 1_000,
    log: { warn: told('warn'), info: told('info') },
  });
  const ask = (answer: () => Promise<FirstAnswer>, ended = open()) =>
    watch.ask(model, answer, ended);
  const failing = async (fault: unknown = failure) =>
    ask(() => Promise.reject(fault)).catch(() => undefined);
  const seen = () => watch.observe(model);
  return { clock, watch, ask, failing, seen, logged };
}

const whole = (): Promise<FirstAnswer> => Promise.resolve({ stream: false, body: {} });

/** A stream of one more chunk, or of a failure. */
function streaming(
  next: () => Promise<IteratorResult<readonly Json[]>>,
): () => Promise<FirstAnswer> {
  const first = { done: false, value: [{}] } as const;
  return () => Promise.resolve({ stream: true, first, rest: { next } });
}
const done = () => Promise.resolve({ done: true, value: undefined } as const);

async function restOf(answer: Promise<FirstAnswer>) {
  const given = await answer;
  if (!given.stream) throw new Error('It was to stream.');
  return given.rest;
}

test('a call is in flight until its answer is here, its stream ends, or nobody reads it', async (t) => {
  const { ask, seen, failing } = watching();
  await ask(whole);
  t.is(seen().inFlight, 0);
  const rest = await restOf(ask(streaming(done)));
  t.is(seen().inFlight, 1);
  await rest.next();
  await rest.return?.();
  t.is(seen().inFlight, 0);
  const left = new AbortController();
  await ask(streaming(done), left.signal);
  t.is(seen().inFlight, 1);
  left.abort();
  t.is(seen().inFlight, 0);
  const given = await restOf(ask(streaming(done)));
  await given.return?.();
  t.is(seen().inFlight, 0);
  await failing();
  t.is(seen().inFlight, 0);
});

test('an upstream with as many calls as it takes is full', async (t) => {
  const { ask, seen } = watching({ capacity: 1 });
  t.is(seen().absence, undefined);
  const rest = await restOf(ask(streaming(done)));
  t.like(seen(), { capacity: 1, absence: 'full' });
  await rest.next();
  t.is(seen().absence, undefined);
});

test('the time to a first token is a mean that is forgotten', async (t) => {
  const { clock, ask, seen } = watching();
  const taking = (ms: number) => () => {
    clock.nowMs += ms;
    return whole();
  };
  t.is(seen().firstTokenMs, undefined);
  await ask(taking(100));
  await ask(taking(200));
  t.is(seen().firstTokenMs, 120);
  clock.nowMs += 120_000;
  t.is(seen().firstTokenMs, undefined);
});

test('failures count, in the middle of a stream too, and fade', async (t) => {
  const { clock, ask, failing, seen } = watching();
  await failing();
  t.is(seen().errorRate, 1);
  clock.nowMs += 30_000;
  t.is(seen().errorRate, 0.5);
  await ask(whole);
  t.is(seen().errorRate, 0.4);
  const rest = await restOf(ask(streaming(() => Promise.reject(failure))));
  const before = seen().errorRate;
  await t.throwsAsync(async () => rest.next());
  t.true(seen().errorRate > before);
  t.is(seen().inFlight, 0);
});

test('a request that is refused, and a caller who leaves, say nothing against an upstream', async (t) => {
  const { failing, seen } = watching();
  for (let n = 0; n < 20; n += 1) {
    await failing(new CallFault('upstream_refused', 'No.'));
    await failing(refusedFor('context_length_exceeded'));
    await failing(new CallFault('client_closed', 'Gone.'));
    await failing(beyondProtocol('n'));
  }
  t.like(seen(), { errorRate: 0, absence: undefined });
});

test('who is asked too much cools down, for as long as it says', async (t) => {
  const { clock, failing, seen, watch } = watching();
  await failing(new CallFault('upstream_limited', 'Later.', { retryable: true }));
  t.is(watch.coolUntilMs(model), 1_000);
  await failing(
    new CallFault('upstream_limited', 'Later.', { retryable: true, retryAfterMs: 20_000 }),
  );
  t.is(seen().absence, 'cooling_down');
  t.is(seen().errorRate, 0);
  clock.nowMs = 20_000;
  t.is(seen().absence, undefined);
  t.is(watch.observe({ ...model, model: 'other' }).absence, undefined);
});

test('an open circuit lets one call find out, and closes when that is answered', async (t) => {
  const { clock, watch, ask, failing, seen, logged } = watching();
  for (let n = 0; n < 5; n += 1) await failing();
  t.is(seen().absence, 'circuit_open');
  t.is(watch.observe({ ...model, model: 'other' }).absence, 'circuit_open', 'it is the upstream’s');
  clock.nowMs = 1_000;
  t.is(seen().absence, undefined, 'it is due');
  const answer = Promise.withResolvers<FirstAnswer>();
  const test = ask(() => answer.promise);
  t.is(seen().absence, 'circuit_open', 'one finds out, others stay away');
  answer.resolve({ stream: false, body: {} });
  await test;
  t.is(seen().absence, undefined);
  t.deepEqual(logged, ['warn', 'info']);
});

for (const [who, fault] of [
  ['fails', failure],
  ['is given up', new CallFault('client_closed', 'Gone.')],
] as const) {
  test(`a circuit whose test ${who} stays open`, async (t) => {
    const { clock, failing, seen, logged } = watching();
    for (let n = 0; n < 5; n += 1) await failing();
    clock.nowMs = 1_000;
    await failing(fault);
    t.is(seen().absence, 'circuit_open');
    clock.nowMs = 2_000;
    t.is(seen().absence, undefined);
    t.deepEqual(logged, ['warn'], 'it is told once');
  });
}

test('what is wrong with one model opens no circuit', async (t) => {
  const { failing, seen } = watching();
  const missing = new CallFault('upstream_failed', 'No such model.', {
    retryable: true,
    isWell: true,
  });
  for (let n = 0; n < 20; n += 1) await failing(missing);
  t.is(seen().absence, undefined);
  t.true(seen().errorRate > 0.9);
});

test('an upstream that fails and says for how long is not one that is asked too much', async (t) => {
  const { failing, watch, seen } = watching();
  await failing(
    new CallFault('upstream_failed', 'Overloaded.', { retryable: true, retryAfterMs: 60_000 }),
  );
  t.is(watch.coolUntilMs(model), 0);
  t.is(seen().absence, undefined);
});
