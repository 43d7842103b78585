import {
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import test from 'ava';
import { client } from './log-under-test.ts';
import { collect, newStream, revisions, someTested, tested } from './tested-events.ts';

test('a deleted stream is not found, and numbers on when it is written again', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(3));
  const { position } = await client().deleteStream(stream, { expectedRevision: 2n });
  t.is(typeof position?.commit, 'bigint');
  await t.throwsAsync(collect(client().readStream(stream)), { instanceOf: StreamNotFoundError });
  const result = await client().appendToStream(stream, someTested(2), {
    expectedRevision: 'no_stream',
  });
  t.is(result.nextExpectedRevision, 4n);
  t.deepEqual(revisions(await collect(client().readStream(stream))), [3n, 4n]);
  t.is((await client().getStreamMetadata(stream)).metadata?.truncateBefore, 3);
});

test('a deleted stream can be continued at its last revision, and does not exist meanwhile', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(2));
  await client().deleteStream(stream);
  await t.throwsAsync(
    client().appendToStream(stream, tested(2), { expectedRevision: 'stream_exists' }),
    { instanceOf: StreamDeletedError },
  );
  await client().appendToStream(stream, tested(2), { expectedRevision: 1n });
  t.deepEqual(revisions(await collect(client().readStream(stream))), [2n]);
});

test('deleting keeps the other metadata of the stream', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(2));
  await client().setStreamMetadata(stream, { maxCount: 5, purpose: 'contract' });
  await client().deleteStream(stream);
  await client().appendToStream(stream, tested(2));
  t.deepEqual((await client().getStreamMetadata(stream)).metadata, {
    truncateBefore: 2,
    maxCount: 5,
    purpose: 'contract',
  });
});

test('deleting at the wrong revision is refused and deletes nothing', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(3));
  for (const expectedRevision of [1n, 7n, 'no_stream'] as const) {
    const error = await t.throwsAsync(client().deleteStream(stream, { expectedRevision }), {
      instanceOf: WrongExpectedVersionError,
    });
    t.is(error?.streamName, stream);
  }
  t.is((await collect(client().readStream(stream))).length, 3);
});

test('deleting needs a stream, of which metadata is enough', async (t) => {
  const stream = newStream();
  await t.throwsAsync(client().deleteStream(stream), { instanceOf: WrongExpectedVersionError });
  await client().setStreamMetadata(stream, { cacheControl: 10 });
  await t.notThrowsAsync(client().deleteStream(stream, { expectedRevision: 'no_stream' }));
});

test('a tombstone closes a stream for reading, writing and deleting', async (t) => {
  const stream = newStream();
  await client().appendToStream(stream, someTested(2));
  await t.throwsAsync(client().tombstoneStream(stream, { expectedRevision: 0n }), {
    instanceOf: WrongExpectedVersionError,
  });
  await client().tombstoneStream(stream, { expectedRevision: 1n });
  const credentials = { username: 'admin', password: 'changeit' };
  for (const attempt of [
    () => collect(client().readStream(stream)),
    () => client().appendToStream(stream, tested(2)),
    () => client().appendToStream(stream, tested(2), { credentials }),
    () => client().setStreamMetadata(stream, { maxCount: 1 }),
    () => client().deleteStream(stream),
    () => client().tombstoneStream(stream),
  ]) {
    const error = await t.throwsAsync<StreamDeletedError>(attempt, {
      instanceOf: StreamDeletedError,
    });
    t.true(error?.streamName?.endsWith(stream));
  }
});

test('a stream that never was can be closed for ever', async (t) => {
  const stream = newStream();
  await client().tombstoneStream(stream, { expectedRevision: 'no_stream' });
  await t.throwsAsync(client().appendToStream(stream, tested(0)), {
    instanceOf: StreamDeletedError,
  });
});
