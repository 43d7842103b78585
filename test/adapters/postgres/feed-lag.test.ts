import test from 'ava';
import { feedLag } from '../../../src/adapters/postgres/feed-lag.ts';
import { eventually } from '../../support/eventually.ts';

test('lag is the time since an end was seen that the read models do not hold', async (t) => {
  let position: bigint | undefined = 5n;
  let clock = 0;
  const lag = feedLag({
    head: () => Promise.resolve(9n),
    position: () => position,
    now: () => clock,
  });
  t.is(lag.seconds(), 0);
  await eventually(() => {
    clock += 1_000;
    return lag.seconds() > 0;
  });
  const before = lag.seconds();
  clock += 7_000;
  t.is(lag.seconds(), before + 7);
  // Its partitions were given to others.
  position = undefined;
  t.is(lag.seconds(), 0);
  position = 5n;
  t.is(lag.seconds(), before + 7);
  position = 9n;
  t.is(lag.seconds(), 0);
  lag.close();
});

test('who has nothing to feed is never behind', async (t) => {
  let asked = 0;
  let clock = 0;
  const head = () => {
    asked += 1;
    return Promise.resolve(9n);
  };
  const lag = feedLag({ head, position: () => undefined, now: () => clock });
  await eventually(() => asked > 1);
  clock += 7_000;
  t.is(lag.seconds(), 0);
  lag.close();
});

test('a log that does not answer is no lag', async (t) => {
  let asked = 0;
  const head = () => {
    asked += 1;
    return Promise.reject(new Error('away'));
  };
  const lag = feedLag({ head, position: () => null });
  await eventually(() => asked > 1);
  t.is(lag.seconds(), 0);
  lag.close();
});
