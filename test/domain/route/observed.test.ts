import test from 'ava';
import { faded, loadOf, moved, recent } from '../../../src/domain/route/observed.ts';
import { unseen } from '../../support/routes.ts';

test('a mean follows its samples, the latest most', (t) => {
  const first = moved(undefined, 100, 0);
  t.is(first.mean, 100);
  const second = moved(first, 200, 10);
  t.deepEqual(second, { mean: 120, atMs: 10 });
});

test('a mean that nobody moved for two minutes is forgotten', (t) => {
  const trend = { mean: 100, atMs: 1_000 };
  t.is(recent(trend, 120_999), 100);
  t.is(recent(trend, 121_000), undefined);
  t.is(recent(undefined, 0), undefined);
});

test('what went wrong fades by half every 30 s', (t) => {
  const trend = { mean: 1, atMs: 0 };
  t.is(faded(trend, 0), 1);
  t.is(faded(trend, 30_000), 0.5);
  t.is(faded(trend, 60_000), 0.25);
  t.is(faded(undefined, 0), 0);
});

test('load is calls in flight against capacity, known or guessed', (t) => {
  t.is(loadOf({ ...unseen, inFlight: 5, capacity: 10 }), 0.5);
  t.is(loadOf({ ...unseen, inFlight: 5, capacity: null }), 0.05);
  t.is(loadOf({ ...unseen, inFlight: 0, capacity: 0 }), 1, 'what takes nothing is full');
});
