import test from 'ava';
import { scenarioNames } from '../../../src/domain/budget/scenario-names.ts';

const at = '2026-03-31T23:59:59.999Z';
const next = '2026-04-01T00:00:00.000Z';

/** Of these the ones that count. */
const counting = (names: ReturnType<typeof scenarioNames>, asked: readonly string[], when = at) =>
  asked.filter((name) => names.counted(name, when) === name);

test('so many names that members made up count, and those go on counting', (t) => {
  const names = scenarioNames(2);
  t.deepEqual(counting(names, ['a', 'b', 'a', 'c', 'b', 'd']), ['a', 'b', 'a', 'b']);
});

test('without being told otherwise a thousand count', (t) => {
  const names = scenarioNames();
  const asked = Array.from({ length: 1_500 }, (_, n) => `s${n}`);
  t.is(counting(names, asked).length, 1_000);
});

test('who names none takes nobody’s place', (t) => {
  const names = scenarioNames(1);
  t.is(names.counted(undefined, at), undefined);
  t.is(names.counted('a', at), 'a');
});

test('what an operator has written always counts, and takes nobody’s place', (t) => {
  const names = scenarioNames(1);
  names.write(['w', 'v']);
  t.deepEqual(counting(names, ['w', 'a', 'b', 'v', 'w']), ['w', 'a', 'v', 'w']);
});

test('a name that an operator writes down later gives its place to another', (t) => {
  const names = scenarioNames(1);
  t.deepEqual(counting(names, ['a', 'b']), ['a']);
  names.write(['a', 'b']);
  t.deepEqual(counting(names, ['a', 'b', 'c', 'd']), ['a', 'b', 'c']);
});

test('each month of UTC has room for others', (t) => {
  const names = scenarioNames(1);
  t.deepEqual(counting(names, ['a', 'b']), ['a']);
  t.deepEqual(counting(names, ['b', 'a'], next), ['b']);
});

test('a clock that goes back makes no room', (t) => {
  const names = scenarioNames(1);
  t.deepEqual(counting(names, ['b'], next), ['b']);
  t.deepEqual(counting(names, ['a'], at), []);
  t.deepEqual(counting(names, ['c'], next), []);
});

test('what is booked in a month already has its place in it, and in no other', (t) => {
  const names = scenarioNames(2);
  names.write(['w']);
  for (const name of ['a', 'w']) names.booked(name, '2026-03-02');
  t.deepEqual(counting(names, ['b', 'c', 'a']), ['b', 'a']);
  t.deepEqual(counting(names, ['x', 'y'], next), ['x', 'y']);
  names.booked('z', '2026-03-31');
  t.deepEqual(counting(names, ['x', 'y', 'z'], next), ['x', 'y']);
});

test('however much is booked, what is remembered of it has an end', (t) => {
  const names = scenarioNames(2);
  for (const name of ['a', 'b', 'c']) names.booked(name, '2026-03-02');
  t.deepEqual(counting(names, ['c', 'b', 'a']), ['b', 'a']);
});
