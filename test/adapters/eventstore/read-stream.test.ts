import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import test from 'ava';
import type { StreamRange } from '../../../src/adapters/eventstore/read-stream.ts';
import { readStream } from '../../../src/adapters/eventstore/read-stream.ts';
import { testEventNode } from '../../support/event-node.ts';
import { newStream, someTested } from './tested-events.ts';

test('a read leaves nothing in the client, however far it was read', async (t) => {
  const client = EventStoreDBClient.connectionString(await testEventNode(t));
  t.teardown(() => client.dispose());
  const stream = newStream();
  await client.appendToStream(stream, someTested(3));
  // biome-ignore lint/complexity/useLiteralKeys: protected, and reachable in this way only
  const open = () => client['disposableStreams'].size;
  // The stream of appends stays.
  const before = open();
  const readSome = async (range: StreamRange, most: number) => {
    let read = 0;
    for await (const _ of readStream(client, range)) {
      read += 1;
      if (read >= most) break;
    }
    return read;
  };
  for (let round = 0; round < 10; round += 1) {
    t.is(await readSome({ stream, from: 'start' }, 9), 3);
    t.is(await readSome({ stream, from: 'start' }, 1), 1);
    t.is(await readSome({ stream, from: 'end', backwards: true, most: 1 }, 1), 1);
    t.is(await readSome({ stream: newStream(), from: 'start' }, 9), 0);
  }
  for (let turn = 0; open() > before && turn < 500; turn += 1) await sleep(10);
  t.is(open(), before);
});
