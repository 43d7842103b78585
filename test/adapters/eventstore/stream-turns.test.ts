import test from 'ava';
import {
  begin,
  leftMs,
  lost,
  newTurns,
  turnCame,
  won,
} from '../../../src/adapters/eventstore/stream-turns.ts';

const much = 100;

test('a writer alone leaves no turn to anybody', (t) => {
  const turns = newTurns();
  won(turns, much);
  t.is(leftMs(turns), 0);
});

test('whoever has lost a race leaves the turn after its own to the others', (t) => {
  const turns = newTurns();
  lost(turns);
  t.true(leftMs(turns) <= 0);
  won(turns, much);
  t.true(leftMs(turns) > 0);
});

test('a turn that nobody took is the last that is left to others', (t) => {
  const turns = newTurns();
  lost(turns);
  won(turns, much);
  turnCame(turns, { taken: false });
  won(turns, much);
  t.is(leftMs(turns), 0);
});

test('as long as the others take their turns they are left some', (t) => {
  const turns = newTurns();
  lost(turns);
  won(turns, much);
  turnCame(turns, { taken: true });
  t.true(leftMs(turns) <= 0);
  won(turns, much);
  t.true(leftMs(turns) > 0);
});

test('a writer that has long written much looks whether others want to', (t) => {
  const turns = newTurns();
  turns.aloneSinceMs = performance.now() - 60_000;
  won(turns, much);
  t.true(leftMs(turns) > 0);
  turnCame(turns, { taken: false });
  won(turns, much);
  t.is(leftMs(turns), 0);
});

test('what a writer leaves to others is a small part of its time, however slow it is', (t) => {
  for (const tookMs of [0, 50, 400, 5_000]) {
    const turns = newTurns();
    turns.begunMs = performance.now() - tookMs;
    turns.aloneSinceMs = performance.now() - 400;
    won(turns, much);
    t.is(leftMs(turns), 0);
    turns.aloneSinceMs = performance.now() - 10_000;
    won(turns, much);
    t.true(leftMs(turns) > 50 && leftMs(turns) <= 1_000);
    turns.besideOthers = false;
    const restMs = leftMs({ ...turns, besideOthers: true });
    turns.aloneSinceMs = performance.now() - 5 * restMs;
    won(turns, much);
    t.is(leftMs(turns), 0);
  }
});

test('beside others, whoever loses again and again writes less at a time, but never nothing', (t) => {
  const turns = newTurns();
  t.is(begin(turns), Number.POSITIVE_INFINITY);
  const sizes = Array.from({ length: 20 }, () => {
    lost(turns);
    return begin(turns);
  });
  t.deepEqual(
    sizes,
    [...sizes].sort((a, b) => b - a),
  );
  t.true((sizes[0] ?? 0) > (sizes.at(-1) ?? 0));
  t.true((sizes.at(-1) ?? 0) > 0);
});
