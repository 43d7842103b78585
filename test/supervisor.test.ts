import test from 'ava';
import type { Running, Supervision } from '../src/supervisor.ts';
import { supervise } from '../src/supervisor.ts';
import { eventually } from './support/eventually.ts';

interface Double extends Running {
  number: number;
  end(): void;
}

test('a first start that fails is the caller’s to handle', async (t) => {
  const { starts, supervision } = bench([new Error('no')]);
  await t.throwsAsync(supervise(supervision), { message: 'no' });
  t.is(starts.length, 0);
});

test('a process that ends by itself is started again, and is told of the first', async (t) => {
  const { starts, firsts, notes, supervision } = bench();
  const { first, stop } = await supervise(supervision);
  starts.at(0)?.end();
  await eventually(() => starts.length === 2 && notes.length === 3);
  t.deepEqual(firsts, [undefined, first]);
  t.deepEqual(notes, ['up', 'down', 'up']);
  await stop();
});

test('a restart that fails is tried again', async (t) => {
  const { starts, notes, supervision } = bench([undefined, new Error('not yet')]);
  const { stop } = await supervise(supervision);
  starts.at(0)?.end();
  await eventually(() => starts.length === 2 && notes.length === 4);
  t.deepEqual(notes, ['up', 'down', 'down', 'up']);
  await stop();
});

test('stopping ends the process that runs now and starts no other', async (t) => {
  const { starts, notes, supervision } = bench();
  const { stop } = await supervise(supervision);
  starts.at(0)?.end();
  await eventually(() => starts.length === 2 && notes.length === 3);
  await stop();
  await starts.at(1)?.exited;
  t.is(starts.length, 2);
});

test('stopping while the process is down ends the attempts', async (t) => {
  const { starts, notes, supervision } = bench([undefined, ...Array(50).fill(new Error('never'))]);
  const { stop } = await supervise(supervision);
  starts.at(0)?.end();
  await eventually(() => notes.length === 3);
  await stop();
  t.is(starts.length, 1);
});

test('a shutdown during the first start stops what was started meanwhile', async (t) => {
  const abort = new AbortController();
  const { starts, supervision } = bench();
  const start: typeof supervision.start = (signal, first) => {
    abort.abort();
    return supervision.start(signal, first);
  };
  await t.throwsAsync(supervise({ ...supervision, start, signal: abort.signal }), {
    name: 'AbortError',
  });
  await starts.at(0)?.exited;
  t.is(starts.length, 1);
});

function bench(outcomes: (Error | undefined)[] = []) {
  const starts: Double[] = [];
  const firsts: (Double | undefined)[] = [];
  const notes: string[] = [];
  const supervision: Supervision<Double> = {
    start: (_signal, first) => {
      const outcome = outcomes.shift();
      if (outcome !== undefined) {
        return Promise.reject(outcome);
      }
      firsts.push(first);
      const started = double(starts.length);
      starts.push(started);
      return Promise.resolve(started);
    },
    onUp: () => notes.push('up'),
    onDown: () => notes.push('down'),
  };
  return { starts, firsts, notes, supervision };
}

function double(number: number): Double {
  const { promise: exited, resolve: end } = Promise.withResolvers<void>();
  return {
    number,
    exited,
    end,
    stop: () => {
      end();
      return exited;
    },
  };
}
