import { randomUUID } from 'node:crypto';
import {
  binaryEvent,
  jsonEvent,
  MaxAppendSizeExceededError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import test from 'ava';
import { client } from './log-under-test.ts';
import { collect, ids, newStream, positionOf, someTested, tested, ways } from './tested-events.ts';

for (const { way, options } of ways) {
  test(`appended ${way}, an event comes back as it was, with its place and its time`, async (t) => {
    const stream = newStream();
    const before = Date.now();
    const event = tested(7);
    const result = await client().appendToStream(stream, event, {
      ...options,
      expectedRevision: 'no_stream',
    });
    t.is(result.nextExpectedRevision, 0n);
    const [read] = await collect(client().readStream(stream));
    t.like(read?.event, {
      id: event.id,
      streamId: stream,
      revision: 0n,
      type: 'Tested',
      data: { number: 7 },
      metadata: { source: 'contract' },
      isJson: true,
      position: positionOf(result),
    });
    t.true((read?.event?.created.getTime() ?? 0) >= before - 60_000);
    t.true((read?.event?.created.getTime() ?? 0) <= Date.now() + 60_000);
  });

  test(`appending ${way} at the wrong revision tells the actual one`, async (t) => {
    const stream = newStream();
    await client().appendToStream(stream, someTested(3), options);
    for (const expectedRevision of ['no_stream', 0n, 5n] as const) {
      const error = await t.throwsAsync(
        client().appendToStream(stream, tested(3), { ...options, expectedRevision }),
        { instanceOf: WrongExpectedVersionError },
      );
      t.is(error?.streamName, stream);
      t.is(error?.expectedVersion, expectedRevision);
      t.is(error?.actualVersion, 2n);
    }
    t.is((await collect(client().readStream(stream))).length, 3);
  });

  test(`appending ${way} to a stream that isn't there is refused where one is expected`, async (t) => {
    const stream = newStream();
    for (const expectedRevision of ['stream_exists', 0n] as const) {
      const error = await t.throwsAsync(
        client().appendToStream(stream, tested(0), { ...options, expectedRevision }),
        { instanceOf: WrongExpectedVersionError },
      );
      t.is(error?.expectedVersion, expectedRevision);
      t.is(error?.actualVersion, 'no_stream');
    }
  });

  test(`a stream grows ${way} under every form of expected revision`, async (t) => {
    const stream = newStream();
    const forms = ['no_stream', 0n, 'stream_exists', 'any'] as const;
    for (const [number, expectedRevision] of forms.entries()) {
      const result = await client().appendToStream(stream, tested(number), {
        ...options,
        expectedRevision,
      });
      t.is(result.nextExpectedRevision, BigInt(number));
    }
  });

  test(`repeating an append ${way} at its revision succeeds and writes nothing`, async (t) => {
    const stream = newStream();
    const first = someTested(2);
    const second = someTested(3);
    for (const _ of [1, 2]) {
      const one = await client().appendToStream(stream, first, {
        ...options,
        expectedRevision: 'no_stream',
      });
      t.is(one.nextExpectedRevision, 1n);
      const two = await client().appendToStream(stream, second, {
        ...options,
        expectedRevision: 1n,
      });
      t.is(two.nextExpectedRevision, 4n);
    }
    t.deepEqual(ids(await collect(client().readStream(stream))), ids([...first, ...second]));
  });

  test(`an append ${way} that is only partly the one that was written is refused`, async (t) => {
    const stream = newStream();
    const [one, two] = [tested(1), tested(2)];
    await client().appendToStream(stream, [one, two], {
      ...options,
      expectedRevision: 'no_stream',
    });
    for (const other of [[one, tested(3)], [tested(3), two], [one, two, tested(3)], [two]]) {
      await t.throwsAsync(
        client().appendToStream(stream, other, { ...options, expectedRevision: 'no_stream' }),
        { instanceOf: WrongExpectedVersionError },
      );
    }
    t.is((await collect(client().readStream(stream))).length, 2);
  });

  test(`an append ${way} of more than a mebibyte is refused whole, and the next one is not`, async (t) => {
    const stream = newStream();
    const large = () => binaryEvent({ type: 'Large', data: Buffer.alloc(600 * 1024) });
    const error = await t.throwsAsync(
      client().appendToStream(stream, [large(), large()], options),
      {
        instanceOf: MaxAppendSizeExceededError,
      },
    );
    t.is(error?.maxAppendSize, 1024 * 1024);
    const result = await client().appendToStream(stream, large(), {
      ...options,
      expectedRevision: 'no_stream',
    });
    t.is(result.nextExpectedRevision, 0n);
  });
}

test('without a revision a repeated append is known by its ids', async (t) => {
  const stream = newStream();
  const events = someTested(2);
  await client().appendToStream(stream, events, { expectedRevision: 'any' });
  const again = await client().appendToStream(stream, events, { expectedRevision: 'any' });
  t.is(again.nextExpectedRevision, 1n);
  t.is((await collect(client().readStream(stream))).length, 2);
});

test('an id that another stream has is free here', async (t) => {
  const event = tested(1);
  await client().appendToStream(newStream(), event, { expectedRevision: 'any' });
  const stream = newStream();
  await client().appendToStream(stream, event, { expectedRevision: 'any' });
  t.is((await collect(client().readStream(stream))).length, 1);
});

test('of appends that race for one revision exactly one wins', async (t) => {
  const stream = newStream();
  const race = Array.from({ length: 20 }, (_, number) =>
    client().appendToStream(stream, tested(number), { expectedRevision: 'no_stream' }),
  );
  const results = await Promise.allSettled(race);
  t.is(results.filter(({ status }) => status === 'fulfilled').length, 1);
  t.is((await collect(client().readStream(stream))).length, 1);
});

test('an append in many parts is one append', async (t) => {
  const stream = newStream();
  const events = someTested(1000);
  const result = await client().appendToStream(stream, events, { batchAppendSize: 2048 });
  t.is(result.nextExpectedRevision, 999n);
  t.deepEqual(ids(await collect(client().readStream(stream))), ids(events));
});

test('bytes, metadata bytes and any text survive', async (t) => {
  const stream = newStream('ストリーム');
  const bytes = Buffer.from([0, 255, 13, 10, 128]);
  await client().appendToStream(stream, [
    binaryEvent({ id: randomUUID(), type: 'Binary', data: bytes, metadata: bytes }),
    jsonEvent({ type: 'Text ✓', data: { text: '额度 "quoted" \\ {curly}, \n 😾' } }),
  ]);
  const [binary, text] = await collect(client().readStream(stream));
  t.false(binary?.event?.isJson);
  t.deepEqual(Buffer.from(binary?.event?.data as Uint8Array), bytes);
  t.deepEqual(Buffer.from(binary?.event?.metadata as Uint8Array), bytes);
  t.is(text?.event?.streamId, stream);
  t.is(text?.event?.type, 'Text ✓');
  t.deepEqual(text?.event?.data, { text: '额度 "quoted" \\ {curly}, \n 😾' });
  t.is(text?.event?.metadata, undefined);
});
