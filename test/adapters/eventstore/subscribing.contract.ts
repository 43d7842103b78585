import type { AllStreamResolvedEvent, EventStoreDBClient } from '@eventstore/db-client';
import { StreamDeletedError, streamNameFilter } from '@eventstore/db-client';
import test from 'ava';
import { client } from './log-under-test.ts';
import {
  ids,
  newStream,
  positionOf,
  revisions,
  someTested,
  takeUntil,
  tested,
} from './tested-events.ts';

const caughtUp = (subscription: ReturnType<EventStoreDBClient['subscribeToStream']>) =>
  new Promise<void>((resolve) => void subscription.once('caughtUp', resolve));

test('a subscriber from the end of the log gets what comes after', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, tested(0));
  const subscription = client().subscribeToAll({ fromPosition: 'end' });
  await new Promise<void>((resolve) => void subscription.once('caughtUp', resolve));
  const { id } = tested(1);
  await client().appendToStream(stream, { ...tested(1), id });
  const taken = await takeUntil(subscription, ({ event }) => event?.id === id);
  t.deepEqual(revisions(taken.filter(({ event }) => event?.streamId === stream)), [1n]);
});

test('a subscriber from a position does not get the event there', async (t) => {
  const stream = newStream();
  const first = await client().appendToStream(stream, tested(0));
  await client().appendToStream(stream, tested(1));
  const fromPosition = positionOf(first);
  const taken = await takeUntil(
    client().subscribeToAll({ fromPosition }),
    ({ event }) => event?.streamId === stream,
  );
  t.is(taken.at(-1)?.event?.revision, 1n);
});

test('a subscriber misses and doubles nothing while others append', async (t) => {
  const prefix = newStream('busy');
  const start = await client().appendToStream(`${prefix}-0`, tested(0));
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let turn = 0; turn < 50; turn += 1) {
      await client().appendToStream(`${prefix}-${writer}`, tested(turn));
    }
  });
  const late = client().subscribeToAll({ fromPosition: positionOf(start) });
  const filtered = client().subscribeToAll({
    fromPosition: positionOf(start),
    filter: streamNameFilter({ prefixes: [prefix] }),
  });
  const ours = ({ event }: AllStreamResolvedEvent) => event?.streamId.startsWith(prefix) === true;
  const [all, some] = await Promise.all([
    takeUntil(late, (_, taken) => taken.filter(ours).length === 400),
    takeUntil(filtered, (_, taken) => taken.length === 400),
  ]);
  await Promise.all(writers);
  t.deepEqual(ids(all.filter(ours)), ids(some));
  t.is(new Set(ids(some)).size, 400);
  const positions = all.map(({ event }) => event?.position.commit ?? -1n);
  t.true(
    positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? 0n)),
  );
});

test('a subscriber gets a stream from its start, then what is appended', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(4));
  const subscription = client().subscribeToStream(stream);
  const order: string[] = [];
  subscription.once('confirmation', () => order.push('confirmed'));
  subscription.once('caughtUp', () => {
    order.push('caught up');
    void client().appendToStream(stream, tested(4, 'Last'));
  });
  const taken = await takeUntil(subscription, ({ event }) => {
    order.push(`${event?.revision}`);
    return event?.type === 'Last';
  });
  t.deepEqual(revisions(taken), [0n, 1n, 2n, 3n, 4n]);
  t.is(order[0], 'confirmed');
  t.true(order.indexOf('caught up') < order.indexOf('4'));
});

test('a subscriber from a revision gets what is after it', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(4));
  const subscription = client().subscribeToStream(stream, { fromRevision: 2n });
  t.deepEqual(revisions(await takeUntil(subscription, () => true)), [3n]);
});

test('a subscriber from the end of a stream gets only what is new', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(4));
  const subscription = client().subscribeToStream(stream, { fromRevision: 'end' });
  await caughtUp(subscription);
  await client().appendToStream(stream, tested(4));
  t.deepEqual(revisions(await takeUntil(subscription, () => true)), [4n]);
});

test('a stream can be subscribed to before it exists', async (t) => {
  const stream = newStream();
  const subscription = client().subscribeToStream(stream);
  await caughtUp(subscription);
  await client().appendToStream(stream, someTested(2));
  const taken = await takeUntil(subscription, (_, all) => all.length === 2);
  t.deepEqual(revisions(taken), [0n, 1n]);
});

test('subscribing to a stream that is closed for ever fails', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, tested(0));
  await client().tombstoneStream(stream);
  await t.throwsAsync(
    takeUntil(client().subscribeToStream(stream), () => false),
    { instanceOf: StreamDeletedError },
  );
});
