import { randomUUID } from 'node:crypto';
import type { ExecutionContext, TestFn } from 'ava';
import type { FeedStart, Log, NewEvent } from '../../../src/adapters/eventstore/log.ts';
import type { StoredEvent } from '../../../src/domain/events.ts';

type Open = (t: ExecutionContext) => Promise<Log>;

/** What every implementation of `Log` does; each test has streams of its own in a log that may be shared. */
export function logContract(test: TestFn, open: Open): void {
  appending(test, open);
  refusing(test, open);
  reading(test, open);
  subscribing(test, open);
  following(test, open);
}

function appending(test: TestFn, open: Open): void {
  test('an append to a new stream is read back as it was written', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    const [first, second] = [
      event({ text: 'Zürich 北京 🎉' }),
      event({ n: [1, null, { x: 'y' }] }),
    ];
    const written = await log.append(stream, 'no_stream', [first, second]);
    const read = await Array.fromAsync(log.read(stream));
    t.deepEqual(read.map(essence), [essence(first), essence(second)]);
    t.deepEqual(
      read.map(({ revision }) => revision),
      [0n, 1n],
    );
    t.true(read.every((each) => each.stream === stream));
    t.deepEqual(written, { ok: true, revision: 1n, position: read[1]?.position ?? -1n });
  });

  test('an append goes to the revision it expects and to no other', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    t.deepEqual(await log.append(stream, 0n, [event()]), { ok: false, actual: 'no_stream' });
    await log.append(stream, 'no_stream', [event(), event()]);
    t.deepEqual(await log.append(stream, 'no_stream', [event()]), { ok: false, actual: 1n });
    t.deepEqual(await log.append(stream, 0n, [event()]), { ok: false, actual: 1n });
    t.deepEqual(await log.append(stream, 7n, [event()]), { ok: false, actual: 1n });
    const third = await log.append(stream, 1n, [event()]);
    t.true(third.ok && third.revision === 2n);
    t.is((await Array.fromAsync(log.read(stream))).length, 3);
  });

  test('the same append again succeeds at the same place and writes nothing', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    const events = [event(), event()];
    const first = await log.append(stream, 'no_stream', events);
    await log.append(stream, 1n, [event()]);
    t.deepEqual(await log.append(stream, 'no_stream', events), first);
    t.is((await Array.fromAsync(log.read(stream))).length, 3);
  });
}

function refusing(test: TestFn, open: Open): void {
  test('other ids at a revision of the past are refused', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    const [a, b] = [event(), event()];
    await log.append(stream, 'no_stream', [a, b]);
    t.deepEqual(await log.append(stream, 'no_stream', [a, event()]), { ok: false, actual: 1n });
  });
}

function reading(test: TestFn, open: Open): void {
  test('a read starts after the revision it is given', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    const events = Array.from({ length: 5 }, () => event());
    await log.append(stream, 'no_stream', events);
    const read = await Array.fromAsync(log.read(stream, 2n));
    t.deepEqual(read.map(essence), events.slice(3).map(essence));
    t.deepEqual(await Array.fromAsync(log.read(stream, 4n)), []);
  });

  test('a stream that does not exist reads as empty and has no last event', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    t.deepEqual(await Array.fromAsync(log.read(stream)), []);
    t.is(await log.last(stream), null);
    await log.append(stream, 'no_stream', [event(), event()]);
    t.is((await log.last(stream))?.revision, 1n);
  });

  test('the head is at least the last append, and positions rise', async (t) => {
    const log = await open(t);
    const first = await log.append(`contract-${randomUUID()}`, 'no_stream', [event()]);
    const second = await log.append(`contract-${randomUUID()}`, 'no_stream', [event()]);
    const head = await log.head();
    t.true(first.ok && second.ok && second.position > first.position);
    t.true(head !== null && second.ok && head >= second.position);
  });

  test('a batch of many kilobytes is written whole', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    const events = Array.from({ length: 400 }, () => event({ text: 'x'.repeat(2_000) }));
    const written = await log.append(stream, 'no_stream', events);
    t.true(written.ok && written.revision === 399n);
    t.is((await Array.fromAsync(log.read(stream))).length, 400);
  });

  test('an event that is no JSON is refused before anything is sent', async (t) => {
    const log = await open(t);
    const stream = `contract-${randomUUID()}`;
    const wrong = log.append(stream, 'no_stream', [event(), event({ n: 1n })]);
    await t.throwsAsync(wrong, { instanceOf: TypeError });
    t.is(await log.last(stream), null);
  });
}

function subscribing(test: TestFn, open: Open): void {
  test('a subscription gives what is there, says so, and then what comes', async (t) => {
    const log = await open(t);
    const prefix = `contract-${randomUUID()}`;
    const stream = `${prefix}-a`;
    const [old, fresh] = [event(), event()];
    await log.append(stream, 'no_stream', [old]);
    await log.append(`contract-${randomUUID()}`, 'no_stream', [event()]);
    const feed = log.subscribe({ after: null, prefixes: [prefix], signal: signalOf(t) });
    const seen: unknown[] = [];
    for await (const item of feed) {
      seen.push(item.kind === 'event' ? essence(item.event) : item.kind);
      if (item.kind === 'caught_up') await log.append(stream, 0n, [fresh]);
      if (seen.length === 3) break;
    }
    t.deepEqual(seen, [essence(old), 'caught_up', essence(fresh)]);
  });

  test('a subscription starts after the position it is given, in any of its prefixes', async (t) => {
    const log = await open(t);
    const [one, two] = [`contract-${randomUUID()}`, `contract-${randomUUID()}`];
    const before = await log.append(one, 'no_stream', [event()]);
    const after = before.ok ? before.position : null;
    const events = [event(), event()];
    await log.append(one, 0n, events.slice(0, 1));
    await log.append(two, 'no_stream', events.slice(1));
    const seen: unknown[] = [];
    const ours = eventsOf(log, { after, prefixes: [one, two], signal: signalOf(t) });
    for await (const event of ours) if (seen.push(essence(event)) === 2) break;
    t.deepEqual(seen, events.map(essence));
  });

  test('a subscription to everything has every append in order', async (t) => {
    const log = await open(t);
    const marks = Array.from({ length: 20 }, () => event());
    const start = await log.head();
    const stream = `contract-${randomUUID()}`;
    for (const [index, mark] of marks.entries()) {
      await log.append(stream, index === 0 ? 'no_stream' : BigInt(index - 1), [mark]);
    }
    const seen: StoredEvent[] = [];
    const ours = eventsOf(log, { after: start, signal: signalOf(t) }, stream);
    for await (const event of ours) if (seen.push(event) === marks.length) break;
    t.deepEqual(seen.map(essence), marks.map(essence));
    const positions = seen.map(({ position }) => position);
    t.deepEqual(
      positions,
      [...new Set(positions)].sort((a, b) => Number(a - b)),
    );
  });
}

function following(test: TestFn, open: Open): void {
  test('an aborted subscription just ends', async (t) => {
    const log = await open(t);
    const stop = new AbortController();
    const prefixes = [`contract-${randomUUID()}`];
    const kinds: string[] = [];
    for await (const item of log.subscribe({ after: null, prefixes, signal: stop.signal })) {
      kinds.push(item.kind);
      stop.abort();
    }
    t.deepEqual(kinds, ['caught_up']);
  });

  test('a subscription shows life when the log grows elsewhere', async (t) => {
    const log = await open(t);
    const start = await log.head();
    const stop = new AbortController();
    let grown = false;
    let aliveAfter = false;
    const onAlive = () => {
      aliveAfter ||= grown;
      if (aliveAfter) stop.abort();
    };
    const prefixes = [`contract-${randomUUID()}`];
    for await (const _ of log.subscribe({ after: start, prefixes, signal: stop.signal, onAlive })) {
      if (grown) continue;
      const many = Array.from({ length: 200 }, () => event());
      grown = true;
      await log.append(`contract-${randomUUID()}`, 'no_stream', many);
    }
    t.true(aliveAfter);
  });
}

export const event = (data: Record<string, unknown> = {}): NewEvent => ({
  id: randomUUID(),
  type: 'ContractTested',
  data,
  metadata: { v: 1, note: 'ü' },
});

async function* eventsOf(log: Log, start: FeedStart, prefix = '') {
  for await (const item of log.subscribe(start)) {
    if (item.kind === 'event' && item.event.stream.startsWith(prefix)) yield item.event;
  }
}

const essence = ({ id, type, data, metadata }: NewEvent | StoredEvent) => ({
  id,
  type,
  data,
  metadata,
});

function signalOf(t: ExecutionContext): AbortSignal {
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  return stop.signal;
}
