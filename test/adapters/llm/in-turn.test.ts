import test from 'ava';
import { CallFault, refusedFor } from '../../../src/adapters/llm/call-fault.ts';
import type { Retrying } from '../../../src/adapters/llm/in-turn.ts';
import { inTurn } from '../../../src/adapters/llm/in-turn.ts';
import { unseen } from '../../support/routes.ts';

const retrying: Retrying = {
  ...{ attempts: 8, retries: 3 },
  ...{ firstPauseMs: 100, longestPauseMs: 1_000, windowMs: 60_000 },
};

interface Given {
  readonly random?: number;
  readonly retrying?: Partial<Retrying>;
  /** From when a candidate may be asked. */
  readonly cools?: Readonly<Record<string, number>>;
  readonly broken?: readonly string[];
  /** How long it takes them to fail. */
  readonly tookMs?: number;
}

/** Candidates that answer what they are told, on a clock that only pauses and they move. */
function turnsOf(
  names: readonly string[],
  answers: (name: string, time: number) => string | CallFault,
  { random = 1, retrying: other, cools = {}, broken = [], tookMs = 0 }: Given = {},
) {
  let nowMs = 0;
  const pauses: number[] = [];
  const asked: string[] = [];
  const absence = (name: string) => (broken.includes(name) ? ('circuit_open' as const) : undefined);
  const answer = inTurn(
    names.map((name) => ({ trial: name, candidate: { upstream: name, model: 'm' } })),
    {
      watch: {
        observe: ({ upstream }) => ({ ...unseen, absence: absence(upstream) }),
        coolUntilMs: ({ upstream }) => cools[upstream] ?? 0,
      },
      retrying: { ...retrying, ...other },
      nowMs: () => nowMs,
      random: () => random,
      pause(ms) {
        pauses.push(Math.round(ms));
        nowMs += ms;
        return Promise.resolve();
      },
    },
    (name) => {
      asked.push(name);
      nowMs += tookMs;
      const said = answers(name, asked.filter((each) => each === name).length);
      return said instanceof CallFault ? Promise.reject(said) : Promise.resolve(said);
    },
  );
  return { answer, pauses, asked };
}

const passing = new CallFault('upstream_failed', 'It fails.', { retryable: true, passing: true });
const lasting = new CallFault('upstream_failed', 'It fails.', { retryable: true });
const refused = new CallFault('upstream_refused', 'It says no.');
const limited = (retryAfterMs?: number) =>
  new CallFault('upstream_limited', 'Later.', { retryable: true, passing: true, retryAfterMs });

test('pauses double up to the longest', async (t) => {
  const run = turnsOf(['a'], () => passing, { retrying: { retries: 5 } });
  await t.throwsAsync(run.answer, { is: passing });
  t.deepEqual(run.pauses, [100, 200, 400, 800, 1_000]);
});

test('a pause is between half of it and all of it', async (t) => {
  const run = turnsOf(['a'], () => passing, { random: 0, retrying: { retries: 2 } });
  await t.throwsAsync(run.answer);
  t.deepEqual(run.pauses, [50, 100]);
});

test('a pause that is asked for is the least', async (t) => {
  const run = turnsOf(['a'], (_, time) => (time === 1 ? limited(700) : 'here'));
  t.is(await run.answer, 'here');
  t.deepEqual(run.pauses, [720]);
});

test('nobody waits while there is one that was not asked', async (t) => {
  const run = turnsOf(['a', 'b', 'c'], (name) => (name === 'c' ? 'here' : passing));
  t.is(await run.answer, 'here');
  t.deepEqual(run.pauses, []);
  t.deepEqual(run.asked, ['a', 'b', 'c']);
});

test('who is ready first is asked again first; what does not pass is not asked again', async (t) => {
  const faults = { a: limited(900), b: lasting, c: passing };
  const run = turnsOf(['a', 'b', 'c'], (name, time) =>
    time === 1 ? faults[name as keyof typeof faults] : passing,
  );
  await t.throwsAsync(run.answer);
  t.deepEqual(run.asked.slice(0, 5), ['a', 'b', 'c', 'c', 'c']);
  t.false(run.asked.slice(3).includes('b'));
});

test('what another candidate would say as well ends it', async (t) => {
  const run = turnsOf(['a', 'b'], () => refused);
  await t.throwsAsync(run.answer, { is: refused });
  t.deepEqual(run.asked, ['a']);
});

const tooLong = refusedFor('context_length_exceeded');
const notThere = new CallFault('upstream_failed', 'Gone.', { retryable: true, isWell: true });

test('a context that is too long for one may fit the next one', async (t) => {
  const run = turnsOf(['a', 'b'], (name) => (name === 'b' ? 'here' : tooLong));
  t.is(await run.answer, 'here');
  t.deepEqual([run.asked, run.pauses], [['a', 'b'], []]);
});

test('a filtered content is not shown to the next one', async (t) => {
  const filtered = refusedFor('content_filter');
  const run = turnsOf(['a', 'b'], () => filtered);
  await t.throwsAsync(run.answer, { is: filtered });
  t.deepEqual(run.asked, ['a']);
});

test('a request is too long when nobody else might take it', async (t) => {
  const all = turnsOf(['a', 'b'], () => tooLong);
  await t.throwsAsync(all.answer, { is: tooLong });
  t.deepEqual(all.asked, ['a', 'b']);
  for (const [other, told] of [
    [notThere, tooLong],
    [passing, passing],
    [lasting, lasting],
  ] as const) {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const run = turnsOf(order, (name) => (name === 'a' ? tooLong : other));
      await t.throwsAsync(run.answer, { is: told });
      t.is(run.asked.filter((name) => name === 'a').length, 1);
    }
  }
  const busy = turnsOf(['a', 'b'], (name) => (name === 'a' ? tooLong : limited(30_000)));
  t.like(await t.throwsAsync(busy.answer), { code: 'upstream_limited', why: 'model_busy' });
  const cools = turnsOf(['a', 'b'], () => tooLong, { cools: { b: 30_000 } });
  t.like(await t.throwsAsync(cools.answer), { code: 'upstream_limited' });
});

test('who fails at the moment is asked when nobody else is left', async (t) => {
  const run = turnsOf(['a', 'b'], (name) => (name === 'a' ? 'a is back' : passing), {
    broken: ['a'],
  });
  t.is(await run.answer, 'a is back');
  t.deepEqual(run.asked, ['b', 'a']);
});

test('who cools down is waited for when nobody else answers, if that is soon', async (t) => {
  const soon = turnsOf(['a', 'b'], (name) => (name === 'a' ? 'here' : lasting), {
    ...{ cools: { a: 500 }, random: 0.5 },
  });
  t.is(await soon.answer, 'here');
  t.deepEqual([soon.asked, soon.pauses], [['b', 'a'], [550]]);
  const late = turnsOf(['a', 'b'], () => lasting, { cools: { a: 5_000 } });
  await t.throwsAsync(late.answer, { is: lasting });
  t.deepEqual(late.asked, ['b']);
});

test('all that are limited make a call limited, until the first of them is ready', async (t) => {
  const run = turnsOf(['a', 'b'], () => limited(30_000), { cools: { b: 9_500 }, random: 0 });
  const fault = await t.throwsAsync(run.answer, { instanceOf: CallFault });
  t.like(fault, { code: 'upstream_limited', why: 'model_busy', retryAfterMs: 9_500 });
  t.deepEqual(fault?.values, { seconds: 10 });
  t.deepEqual(run.asked, ['a']);
});

test('who is well is asked again before who fails at the moment', async (t) => {
  const run = turnsOf(['a', 'b'], (name, time) => (name === 'b' && time === 3 ? 'here' : passing), {
    broken: ['a'],
  });
  t.is(await run.answer, 'here');
  t.deepEqual(run.asked, ['b', 'a', 'b', 'b']);
});

test('a call is not limited while one that might answer was not asked', async (t) => {
  const run = turnsOf(['a', 'b'], () => limited(30_000), { retrying: { attempts: 1 } });
  const fault = await t.throwsAsync(run.answer, { instanceOf: CallFault });
  t.is(fault?.code, 'upstream_failed');
});

test('a long silence takes the time to be asked again, not the next candidate', async (t) => {
  const run = turnsOf(['a', 'b', 'c'], () => passing, { tookMs: 50_000 });
  await t.throwsAsync(run.answer, { is: passing });
  t.deepEqual(run.asked, ['a', 'b', 'c']);
});
