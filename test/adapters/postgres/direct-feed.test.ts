import test from 'ava';
import { pino } from 'pino';
import { directFeed } from '../../../src/adapters/postgres/direct-feed.ts';
import { projector } from '../../../src/adapters/postgres/project.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { partitionOf } from '../../../src/projections/partition.ts';
import { projections } from '../../../src/projections/registry.ts';
import { eventually } from '../../support/eventually.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { mute } from '../../support/mute-log.ts';
import { outage } from '../../support/outage.ts';
import { feedFrom, reached, readDatabase } from '../../support/read-side.ts';
import { stored, storedHistory } from '../../support/recorded.ts';
import { tables } from '../../support/tables.ts';
import { grantOf, history, reserveOf, settleOf } from '../../support/wallets.ts';

const story = storedHistory(
  history(
    grantOf('1'),
    ...['a', 'b', 'c', 'd'].flatMap((name) => [reserveOf(name), settleOf(name, { output: 9 })]),
  ),
);

function writer() {
  const eventLog = memoryLog();
  const write = async (from: number, to: number) => {
    for (const event of story.slice(from, to)) {
      const expected = event.revision === 0n ? 'no_stream' : event.revision - 1n;
      const { id, type, data, metadata } = event;
      await eventLog.append(event.stream, expected, [
        { id, type, data: { ...Object(data) }, metadata: { ...Object(metadata) } },
      ]);
    }
  };
  return { eventLog, write };
}

test('what is in the log is in the tables, and what comes later too', async (t) => {
  const { url } = await readDatabase(t);
  const { eventLog, write } = writer();
  await write(0, 4);
  const feed = feedFrom(t, url, eventLog);
  await reached(feed, 3n);
  await eventually(() => feed.state().caughtUp);
  await write(4, story.length);
  await reached(feed, BigInt(story.length - 1));
  const { calls = [], open_holds: open = [] } = await tables(url, projections);
  t.is(calls.length, 4);
  t.is(open.length, 0);
});

test('an outage of Postgres loses nothing and needs no restart', async (t) => {
  const { url } = await readDatabase(t);
  const { eventLog, write } = writer();
  const feed = feedFrom(t, url, eventLog);
  await write(0, 3);
  await reached(feed, 2n);
  const { end } = await outage(url);
  await write(3, story.length);
  await eventually(() => feed.state().failing !== null);
  t.is(feed.position(), 2n);
  await end();
  await reached(feed, BigInt(story.length - 1));
  await eventually(() => feed.state().failing === null);
  const { event_index: index = [] } = await tables(url, projections);
  t.is(index.length, story.length);
});

test('an event of a newer release stops its partition, and the feed says where', async (t) => {
  const { url } = await readDatabase(t);
  const { eventLog, write } = writer();
  await write(0, 2);
  const { id, metadata } = stored(
    { type: 'RoleGranted', data: { memberId: nameId('m'), role: 'admin' } },
    { stream: 'member-m' },
  );
  const future = { id, type: 'Unheard', data: {}, metadata: { ...Object(metadata) } };
  await eventLog.append('member-m', 'no_stream', [future]);
  const feed = feedFrom(t, url, eventLog);
  await eventually(() => feed.state().stopped.length === projections.length);
  await write(2, 4);
  await reached(feed, 4n);
  const [first] = feed.state().stopped;
  t.is(first?.cause, 'newer_version');
  t.is(first?.position, 2n);
  t.is(first?.partition, partitionOf('member-m'));
  const { event_index: index = [] } = await tables(url, projections);
  t.is(index.length, 4);
});

test('a subscription that goes silent is told of once, and opened again until it speaks', async (t) => {
  const { url } = await readDatabase(t);
  const { eventLog, write } = writer();
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(line) });
  const { subscribe, opened, speak } = mute(eventLog);
  const feed = directFeed({
    ...{ eventLog: { ...eventLog, subscribe }, log, silentMs: 60 },
    projector: projector({ databaseUrl: url, projections, log }),
  });
  t.teardown(feed.close);
  await write(0, 3);
  await eventually(() => feed.state().failing !== null && opened() > 6);
  t.is(feed.position(), null);
  t.regex(warnings.join(''), /^[^\n]*the projector: Nothing came[^\n]*\n$/);
  speak();
  await reached(feed, 2n);
  await eventually(() => feed.state().failing === null);
});
