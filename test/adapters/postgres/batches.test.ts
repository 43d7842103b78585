import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { batches } from '../../../src/adapters/postgres/batches.ts';

const never = new AbortController().signal;

test('items that are waiting come together, in order and none twice', async (t) => {
  const all: number[] = [];
  const sizes: number[] = [];
  async function* source() {
    for (let n = 0; n < 100; n += 1) yield await Promise.resolve(n);
  }
  for await (const batch of batches(source, { most: 7, signal: never })) {
    all.push(...batch);
    sizes.push(batch.length);
    await turn();
  }
  t.deepEqual(
    all,
    Array.from({ length: 100 }, (_, n) => n),
  );
  t.true(sizes.every((size) => size <= 7));
  t.true(sizes.some((size) => size === 7));
});

test('a slow taker holds the source back', async (t) => {
  let given = 0;
  async function* source() {
    for (;;) {
      given += 1;
      yield await Promise.resolve(given);
    }
  }
  for await (const batch of batches(source, { most: 5, signal: never })) {
    for (let n = 0; n < 50; n += 1) await turn();
    t.true(given - (batch.at(-1) ?? 0) <= 10, `${given} given`);
    if (batch.includes(20)) break;
  }
});

test('what the source throws arrives after what it gave', async (t) => {
  async function* source() {
    yield await Promise.resolve(1);
    throw new Error('over');
  }
  const got: number[] = [];
  const error = await t.throwsAsync(async () => {
    for await (const batch of batches(source, { most: 5, signal: never })) got.push(...batch);
  });
  t.is(error?.message, 'over');
  t.deepEqual(got, [1]);
});

test('leaving tells a silent source to end', async (t) => {
  const told = Promise.withResolvers<string>();
  async function* source(signal: AbortSignal) {
    signal.addEventListener('abort', () => told.resolve('ended'));
    yield 1;
    await told.promise;
  }
  for await (const _ of batches(source, { most: 5, signal: never })) break;
  t.is(await told.promise, 'ended');
});

const anHour = () => 3_600_000;

test('after a batch the next one is gathered, but no longer than until it is full', async (t) => {
  const go = Promise.withResolvers<void>();
  async function* source() {
    yield 1;
    await go.promise;
    yield* [2, 3, 4, 5, 6, 7];
  }
  const got: (readonly number[])[] = [];
  for await (const batch of batches(source, { most: 3, signal: never, restMs: anHour })) {
    got.push(batch);
    go.resolve();
  }
  t.deepEqual(got, [[1], [2, 3, 4], [5, 6, 7]]);
});

test('nobody goes on gathering once the signal aborts', async (t) => {
  const closing = new AbortController();
  async function* source(signal: AbortSignal) {
    yield await Promise.resolve(1);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
  const got: number[] = [];
  for await (const batch of batches(source, { most: 3, signal: closing.signal, restMs: anHour })) {
    got.push(...batch);
    closing.abort();
  }
  t.deepEqual(got, [1]);
});
