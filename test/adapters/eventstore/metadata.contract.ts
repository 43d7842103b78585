import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { client } from './log-under-test.ts';
import { collect, newStream, revisions, someTested, tested } from './tested-events.ts';

test('metadata comes back as it was set, the newest', async (t) => {
  const stream = newStream();
  t.deepEqual(await client().getStreamMetadata(stream), { streamName: stream });
  await client().setStreamMetadata(stream, { maxAge: 2, kitten: '😾' });
  const newest = { maxCount: 12, truncateBefore: 1, cacheControl: 15, acl: { readRoles: ['a'] } };
  await client().setStreamMetadata(stream, newest);
  t.deepEqual((await client().getStreamMetadata(stream)).metadata, newest);
});

test('metadata is a stream of its own that shows its last event', async (t) => {
  const stream = newStream();
  await client().setStreamMetadata(stream, { maxCount: 1 }, { expectedRevision: 'no_stream' });
  await client().setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: 0n });
  const [last, ...others] = await collect(client().readStream(`$$${stream}`));
  t.like(last?.event, { type: '$metadata', revision: 1n, data: { $maxCount: 2 } });
  t.is(others.length, 0);
});

test('a stream with a maximum count shows its newest events', async (t) => {
  const stream = newStream();
  await client().setStreamMetadata(stream, { maxCount: 2 });
  await client().appendToStream(stream, someTested(20));
  t.deepEqual(revisions(await collect(client().readStream(stream))), [18n, 19n]);
  const backwards = client().readStream(stream, { direction: 'backwards', fromRevision: 'end' });
  t.deepEqual(revisions(await collect(backwards)), [19n, 18n]);
  await client().appendToStream(stream, tested(20), { expectedRevision: 19n });
  t.deepEqual(revisions(await collect(client().readStream(stream))), [19n, 20n]);
});

test('a truncated stream begins at its mark', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(5));
  await client().setStreamMetadata(stream, { truncateBefore: 3 });
  t.deepEqual(revisions(await collect(client().readStream(stream))), [3n, 4n]);
  t.deepEqual(revisions(await collect(client().readStream(stream, { fromRevision: 1n }))), [
    3n,
    4n,
  ]);
  await client().setStreamMetadata(stream, { truncateBefore: 5 });
  t.deepEqual(await collect(client().readStream(stream)), []);
});

test('events vanish when they are older than the maximum age', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(2));
  await client().setStreamMetadata(stream, { maxAge: 1 });
  while ((await collect(client().readStream(stream))).length > 0) await sleep(100);
  await client().appendToStream(stream, tested(2), { expectedRevision: 1n });
  t.deepEqual(revisions(await collect(client().readStream(stream))), [2n]);
});

test('what a stream hides is still in the whole log', async (t) => {
  const stream = newStream();
  const { position } = await client().appendToStream(stream, tested(0));
  await client().appendToStream(stream, tested(1));
  await client().setStreamMetadata(stream, { maxCount: 1 });
  const from = position === undefined ? {} : { fromPosition: position };
  const all = await collect(client().readAll(from));
  const ours = all.filter(({ event }) => event?.streamId === stream);
  t.deepEqual(revisions(ours), [0n, 1n]);
});
