import { randomUUID } from 'node:crypto';
import { binaryEvent, StreamNotFoundError } from '@eventstore/db-client';
import test from 'ava';
import { client } from './log-under-test.ts';
import {
  collect,
  ids,
  newStream,
  positionOf,
  revisions,
  someTested,
  tested,
} from './tested-events.ts';

test('a stream is read forwards and backwards, from either end and from a revision', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(5));
  const read = async (options: Parameters<ReturnType<typeof client>['readStream']>[1]) =>
    revisions(await collect(client().readStream(stream, options)));
  t.deepEqual(await read({}), [0n, 1n, 2n, 3n, 4n]);
  t.deepEqual(await read({ fromRevision: 3n }), [3n, 4n]);
  t.deepEqual(await read({ fromRevision: 1n, maxCount: 2 }), [1n, 2n]);
  t.deepEqual(await read({ fromRevision: 9n }), []);
  t.deepEqual(await read({ direction: 'backwards', fromRevision: 'end' }), [4n, 3n, 2n, 1n, 0n]);
  t.deepEqual(await read({ direction: 'backwards', fromRevision: 1n }), [1n, 0n]);
  t.deepEqual(await read({ direction: 'backwards', fromRevision: 'end', maxCount: 1 }), [4n]);
  t.deepEqual(await read({ direction: 'backwards', fromRevision: 2n ** 64n - 1n, maxCount: 1 }), [
    4n,
  ]);
});

test('reading a stream that was never written says so', async (t) => {
  const stream = newStream();
  const error = await t.throwsAsync(collect(client().readStream(stream)), {
    instanceOf: StreamNotFoundError,
  });
  t.is(error?.streamName, stream);
});

test('a long stream is read whole, in order, in both directions', async (t) => {
  const stream = newStream();
  const events = someTested(3000);
  for (let at = 0; at < events.length; at += 500) {
    await client().appendToStream(stream, events.slice(at, at + 500));
  }
  const forwards = await collect(client().readStream(stream));
  t.deepEqual(ids(forwards), ids(events));
  const backwards = client().readStream(stream, { direction: 'backwards', fromRevision: 'end' });
  t.deepEqual(ids(await collect(backwards)), ids(events.toReversed()));
});

test('the whole log is read from a position on, the event there included', async (t) => {
  const [one, other] = [newStream(), newStream()];
  const first = await client().appendToStream(one, tested(1));
  await client().appendToStream(other, tested(2));
  await client().appendToStream(one, tested(3));
  const all = await collect(client().readAll({ fromPosition: positionOf(first) }));
  const ours = all.filter(({ event }) => [one, other].includes(event?.streamId ?? ''));
  t.deepEqual(
    ours.map(({ event }) => [event?.streamId, event?.revision]),
    [
      [one, 0n],
      [other, 0n],
      [one, 1n],
    ],
  );
  t.is(all[0]?.event?.streamId, one);
  const positions = all.map(({ event }) => event?.position.commit ?? -1n);
  t.deepEqual(
    positions,
    positions.toSorted((a, b) => Number(a - b)),
  );
});

test('the whole log is read backwards from its end', async (t) => {
  const stream = newStream();
  const events = someTested(3);
  await client().appendToStream(stream, events);
  const found: (string | undefined)[] = [];
  for await (const { event } of client().readAll({ direction: 'backwards', fromPosition: 'end' })) {
    if (event?.streamId === stream) found.push(event.id);
    if (found.length === events.length) break;
  }
  t.deepEqual(found, ids(events.toReversed()));
});

test('an append tells the position of its last event', async (t) => {
  const stream = newStream();
  const result = await client().appendToStream(stream, someTested(3));
  const [last] = await collect(
    client().readStream(stream, { direction: 'backwards', fromRevision: 'end', maxCount: 1 }),
  );
  t.deepEqual(last?.event?.position, positionOf(result));
});

test('a link is followed when asked for', async (t) => {
  const [stream, links] = [newStream(), newStream()];
  const events = someTested(2);
  await client().appendToStream(stream, events);
  const link = (data: string) =>
    binaryEvent({ id: randomUUID(), type: '$>', data: Buffer.from(data) });
  await client().appendToStream(links, [link(`1@${stream}`), link(`9@${stream}`)]);
  const [found, lost] = await collect(client().readStream(links, { resolveLinkTos: true }));
  t.is(found?.event?.id, events[1]?.id);
  t.is(found?.link?.streamId, links);
  t.is(lost?.event, undefined);
  t.is(lost?.link?.revision, 1n);
  const [unresolved] = await collect(client().readStream(links));
  t.is(unresolved?.event?.type, '$>');
});

test('a link to what its stream hides leads nowhere', async (t) => {
  const [truncated, deleted, closed, links] = [newStream(), newStream(), newStream(), newStream()];
  for (const stream of [truncated, deleted, closed]) {
    await client().appendToStream(stream, someTested(3));
  }
  const link = (data: string) =>
    binaryEvent({ id: randomUUID(), type: '$>', data: Buffer.from(data) });
  await client().appendToStream(links, [
    link(`0@${truncated}`),
    link(`1@${truncated}`),
    link(`2@${deleted}`),
    link(`2@${closed}`),
  ]);
  const resolved = async () =>
    (await collect(client().readStream(links, { resolveLinkTos: true }))).map(
      ({ event }) => event?.revision,
    );
  t.deepEqual(await resolved(), [0n, 1n, 2n, 2n]);
  await client().setStreamMetadata(truncated, { truncateBefore: 1 });
  await client().deleteStream(deleted);
  await client().tombstoneStream(closed);
  t.deepEqual(await resolved(), [undefined, 1n, undefined, undefined]);
});
