import test from 'ava';
import type { StoredHead } from '../../../../src/adapters/eventstore/embedded/log-reader.ts';
import { streamStates } from '../../../../src/adapters/eventstore/embedded/stream-states.ts';

function statesOf(capacity: number, durable = () => 0) {
  const asked: string[][] = [];
  const heads = (names: readonly string[]): Promise<StoredHead[]> => {
    asked.push([...names]);
    return Promise.resolve(
      names.map((stream) => ({ stream, revision: '4', metaRevision: null, metadata: null })),
    );
  };
  return { asked, states: streamStates(heads, durable, capacity) };
}

test('a stream and its metadata stream have one state', async (t) => {
  const { states } = statesOf(10);
  await states.load(['$$one']);
  t.is(states.get('one'), states.get('$$one'));
  t.like(states.get('one'), { stream: 'one', revision: 4, metaRevision: -1 });
});

test('loads of one stream at the same time are one question', async (t) => {
  const { states, asked } = statesOf(10);
  await Promise.all([states.load(['a', 'b']), states.load(['b', 'c']), states.load(['a'])]);
  t.deepEqual(asked, [['a', 'b'], ['c']]);
});

test('the states used longest ago are dropped beyond the capacity', async (t) => {
  const { states } = statesOf(2);
  await states.load(['a']);
  await states.load(['b']);
  states.get('a');
  await states.load(['c']);
  t.deepEqual(
    ['a', 'b', 'c'].map((name) => states.get(name)?.stream),
    ['a', undefined, 'c'],
  );
});

test('a state with writes that are not durable stays', async (t) => {
  let durable = 0;
  const { states } = statesOf(1, () => durable);
  await states.load(['a']);
  const written = states.get('a');
  if (written !== undefined) written.batch = 1;
  await states.load(['b']);
  t.is(states.get('a'), written);
  durable = 1;
  await states.load(['c']);
  await states.load(['d']);
  t.is(states.get('a'), undefined);
});

test('what was loading when everything was thrown away is not kept', async (t) => {
  const { states } = statesOf(10);
  const loading = states.load(['a']);
  states.clear();
  await loading;
  t.is(states.get('a'), undefined);
});
