import { once } from 'node:events';
import { eventTypeFilter, excludeSystemEvents, streamNameFilter } from '@eventstore/db-client';
import test from 'ava';
import { client } from './log-under-test.ts';
import { newStream, positionOf, someTested, takeUntil, tested } from './tested-events.ts';

for (const { by, filterOf, typeOf } of [
  {
    by: 'a stream prefix',
    filterOf: (mark: string) => streamNameFilter({ prefixes: [`${mark}-`, 'nothing-'] }),
    typeOf: () => 'Tested',
  },
  {
    by: 'a stream pattern',
    filterOf: (mark: string) => streamNameFilter({ regex: `^${mark}-[ab]$` }),
    typeOf: () => 'Tested',
  },
  {
    by: 'a type prefix',
    filterOf: (mark: string) => eventTypeFilter({ prefixes: [`Tested-${mark}`] }),
    typeOf: (mark: string) => `Tested-${mark}`,
  },
  {
    by: 'a type pattern',
    filterOf: (mark: string) => eventTypeFilter({ regex: `^[A-Z]ested-${mark}$` }),
    typeOf: (mark: string) => `Tested-${mark}`,
  },
]) {
  test(`the log is filtered by ${by}, in the past and live`, async (t) => {
    const mark = newStream('filter');
    const start = await client().appendToStream(newStream(), tested(0));
    const append = (stream: string, count: number) =>
      client().appendToStream(`${mark}-${stream}`, someTested(count, typeOf(mark)));
    await append('a', 2);
    await client().appendToStream(newStream(), someTested(50));
    await append('b', 2);
    const subscription = client().subscribeToAll({
      fromPosition: positionOf(start),
      filter: filterOf(mark),
    });
    const taking = takeUntil(subscription, (_, taken) => taken.length === 6);
    await client().appendToStream(newStream(), someTested(50));
    await append('a', 2);
    const streams = (await taking).map(({ event }) => event?.streamId.slice(mark.length + 1));
    t.deepEqual(streams, ['a', 'a', 'b', 'b', 'a', 'a']);
  });
}

test('a checkpoint stands where everything that matches has been sent', async (t) => {
  const mark = newStream('checkpoint');
  const start = positionOf(await client().appendToStream(newStream(), tested(0)));
  for (let round = 0; round < 20; round += 1) {
    await client().appendToStream(newStream(), someTested(7));
    await client().appendToStream(mark, tested(round));
  }
  const end = positionOf(await client().appendToStream(mark, tested(20, 'Last')));

  const positions: bigint[] = [];
  const told: { position: bigint; sent: number }[] = [];
  const subscription = client().subscribeToAll({
    fromPosition: start,
    filter: streamNameFilter({
      prefixes: [mark],
      maxSearchWindow: 10,
      checkpointInterval: 1,
      checkpointReached: (self, { commit }) => {
        told.push({ position: commit, sent: positions.length + self.readableLength });
        return Promise.resolve();
      },
    }),
  });
  subscription.on('data', ({ event }) => {
    positions.push(event?.position.commit ?? -1n);
    if (event?.type === 'Last') void subscription.unsubscribe();
  });
  await once(subscription, 'end');

  t.is(positions.length, 21);
  const past = told.filter(({ position }) => position <= end.commit);
  t.true(past.length >= 2);
  for (const { position, sent } of past) {
    t.is(sent, positions.filter((each) => each <= position).length);
  }
});

test('no more events than the interval says pass without a checkpoint', async (t) => {
  const mark = newStream('interval');
  const start = positionOf(await client().appendToStream(newStream(), tested(0)));
  await client().appendToStream(mark, someTested(50));

  let taken = 0;
  const sentBefore: number[] = [0];
  const subscription = client().subscribeToAll({
    fromPosition: start,
    filter: streamNameFilter({
      prefixes: [mark],
      maxSearchWindow: 10,
      checkpointInterval: 2,
      checkpointReached: (self) => {
        sentBefore.push(taken + self.readableLength);
        return Promise.resolve();
      },
    }),
  });
  subscription.on('data', ({ event }) => {
    taken += 1;
    if (event?.type === 'Last') void subscription.unsubscribe();
  });
  const ended = once(subscription, 'end');
  for (let round = 0; round < 5; round += 1) {
    await client().appendToStream(mark, someTested(10));
  }
  await client().appendToStream(mark, tested(100, 'Last'));
  await ended;

  t.is(taken, 101);
  t.true(sentBefore.length > 5);
  sentBefore.push(taken);
  for (const [index, sent] of sentBefore.entries()) {
    t.true(sent - (sentBefore[index - 1] ?? 0) <= 20);
  }
});

test('system events can be left out', async (t) => {
  const stream = newStream();
  const start = await client().appendToStream(stream, tested(0));
  await client().setStreamMetadata(stream, { maxCount: 3 });
  await client().appendToStream(stream, tested(1));
  const taken = await takeUntil(
    client().subscribeToAll({ fromPosition: positionOf(start), filter: excludeSystemEvents() }),
    ({ event }) => event?.streamId === stream,
  );
  t.false(taken.some(({ event }) => event?.type.startsWith('$')));
});
