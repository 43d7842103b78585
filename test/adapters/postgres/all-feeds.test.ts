import test from 'ava';
import { allFeeds } from '../../../src/adapters/postgres/all-feeds.ts';
import type { Feed } from '../../../src/adapters/postgres/direct-feed.ts';

const feedAt = (position: bigint | null | undefined): Feed => ({
  state: () => ({ caughtUp: true, failing: null, position, stopped: [] }),
  position: () => position,
  close: () => Promise.resolve(),
});

test('feeds stand where the last of them stands, but for those that have nothing to feed', (t) => {
  t.is(allFeeds([feedAt(7n), feedAt(5n)]).position(), 5n);
  t.is(allFeeds([feedAt(7n), feedAt(undefined)]).position(), 7n);
  t.is(allFeeds([feedAt(7n), feedAt(null)]).state().position, null);
  t.is(allFeeds([feedAt(undefined), feedAt(undefined)]).state().position, undefined);
});
