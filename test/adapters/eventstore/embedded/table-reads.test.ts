import type { EventStoreDBClient, ReadAllOptions, ReadStreamOptions } from '@eventstore/db-client';
import { eventTypeFilter, streamNameFilter } from '@eventstore/db-client';
import test from 'ava';
import { testDatabase } from '../../../support/postgres.ts';
import { collect, ids, revisions, someTested, takeUntil, tested } from '../tested-events.ts';
import { clientOf, nodeOn } from './embedded-node.ts';

/** A log of 1,500 events in three streams, among them one with a maximum count. */
async function fill(client: EventStoreDBClient): Promise<void> {
  await client.setStreamMetadata('b', { maxCount: 10 });
  for (let round = 0; round < 10; round += 1) {
    for (const stream of ['a', 'b', 'c']) {
      await client.appendToStream(stream, someTested(50, `Type-${stream}`));
    }
  }
  await client.appendToStream('a', tested(0, 'Type-last'));
}

/** Everything a reader can ask, as ids and checkpoints. */
async function readings(client: EventStoreDBClient) {
  const all = async (options: ReadAllOptions) => ids(await collect(client.readAll(options)));
  const some = async (stream: string) => revisions(await collect(client.readStream(stream)));
  const part = async (options: ReadStreamOptions) =>
    revisions(await collect(client.readStream('a', options)));
  const checkpoints: bigint[] = [];
  const checkpointReached = (_: unknown, { commit }: { commit: bigint }) => {
    checkpoints.push(commit);
    return Promise.resolve();
  };
  const byStream = streamNameFilter({ prefixes: ['a'], checkpointInterval: 4, checkpointReached });
  const byType = eventTypeFilter({ regex: '^Type-[ac]$' });
  const filtered = takeUntil(
    client.subscribeToAll({ filter: byStream }),
    ({ event }) => event?.type === 'Type-last',
  );
  const typed = takeUntil(
    client.subscribeToAll({ filter: byType }),
    (_, taken) => taken.length === 1000,
  );
  const followed = takeUntil(
    client.subscribeToStream('a', { fromRevision: 99n }),
    ({ event }) => event?.type === 'Type-last',
  );
  return {
    whole: await all({}),
    backwards: await all({ direction: 'backwards', fromPosition: 'end' }),
    middle: await all({ fromPosition: { commit: 700n, prepare: 700n }, maxCount: 333 }),
    before: await all({
      direction: 'backwards',
      fromPosition: { commit: 700n, prepare: 700n },
      maxCount: 333,
    }),
    a: await some('a'),
    b: await some('b'),
    partOfA: await part({ fromRevision: 97n, maxCount: 200 }),
    endOfA: await part({ direction: 'backwards', fromRevision: 'end', maxCount: 70 }),
    beforeInA: await part({ direction: 'backwards', fromRevision: 2n, maxCount: 70 }),
    filtered: ids(await filtered),
    typed: ids(await typed),
    followed: revisions(await followed),
    checkpoints,
  };
}

test('what memory holds and what the table holds read alike', async (t) => {
  const databaseUrl = await testDatabase(t);
  const first = await nodeOn(t, databaseUrl);
  const before = clientOf(t, first.url);
  await fill(before);
  const { checkpoints, ...fromMemory } = await readings(before);
  await first.stop();
  const second = await nodeOn(t, databaseUrl);
  const { checkpoints: later, ...fromTable } = await readings(clientOf(t, second.url));

  t.deepEqual(fromTable, fromMemory);
  t.is(fromTable.whole.length, 1503);
  t.deepEqual(fromTable.backwards, fromTable.whole.toReversed());
  t.deepEqual(fromTable.middle, fromTable.whole.slice(700, 1033));
  t.deepEqual(fromTable.before, fromTable.whole.slice(367, 700).toReversed());
  t.is(fromTable.a.length, 501);
  t.deepEqual(fromTable.b, [490n, 491n, 492n, 493n, 494n, 495n, 496n, 497n, 498n, 499n]);
  t.deepEqual([fromTable.partOfA.at(0), fromTable.partOfA.at(-1)], [97n, 296n]);
  t.deepEqual([fromTable.endOfA.at(0), fromTable.endOfA.at(-1)], [500n, 431n]);
  t.deepEqual(fromTable.beforeInA, [2n, 1n, 0n]);
  t.is(fromTable.filtered.length, 501);
  t.is(fromTable.followed[0], 100n);
  for (const told of [checkpoints, later]) {
    t.true(told.length > 3);
    t.deepEqual(
      told,
      [...new Set(told)].toSorted((a, b) => Number(a - b)),
    );
  }
});
