import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type {
  Appended,
  ExpectedRevision,
  FeedItem,
  FeedStart,
  Log,
  NewEvent,
} from '../../src/adapters/eventstore/log.ts';
import type { StoredEvent } from '../../src/domain/events.ts';

export interface MemoryLog extends Log {
  /** All of it, in order. */
  readonly events: readonly StoredEvent[];
  /** Every append that was asked for, in order, whatever became of it. */
  readonly asked: readonly { readonly stream: string; readonly events: readonly NewEvent[] }[];
  /** What happens around the next append instead of the usual; then it is as usual again. */
  readonly next: Interference;
}

interface Interference {
  /** Before it is looked at: let somebody else write, wait, or throw `LogUnavailable` unwritten. */
  before?: (() => unknown) | undefined;
  /** After it is written and before that is said: wait, or throw `LogUnavailable` written. */
  after?: (() => unknown) | undefined;
}

/** The log's rules without an engine; `pause` comes between question and answer. */
export function memoryLog(pause: () => Promise<unknown> = () => turn()): MemoryLog {
  const events: StoredEvent[] = [];
  const asked: { stream: string; events: readonly NewEvent[] }[] = [];
  const next: Interference = {};
  let grown = Promise.withResolvers<void>();
  const of = (stream: string) => events.filter((event) => event.stream === stream);

  function write(stream: string, expected: ExpectedRevision, added: readonly NewEvent[]): Appended {
    const there = of(stream);
    if (revisionOf(expected) !== BigInt(there.length) - 1n) return past(there, expected, added);
    const first = { revision: there.length, position: events.length };
    events.push(...added.map((event, index) => stored(stream, event, first, index)));
    grown.resolve();
    grown = Promise.withResolvers();
    const last = { revision: there.length + added.length - 1, position: events.length - 1 };
    return { ok: true, revision: BigInt(last.revision), position: BigInt(last.position) };
  }

  const grownOr = (signal: AbortSignal) =>
    Promise.race([grown.promise, once(signal, 'abort').catch(() => undefined)]);

  return {
    events,
    asked,
    next,
    async append(stream, expected, added) {
      const { before, after } = next;
      next.before = undefined;
      next.after = undefined;
      asked.push({ stream, events: added });
      await pause();
      await before?.();
      const written = write(stream, expected, added);
      await pause();
      await after?.();
      return written;
    },
    async *read(stream, after) {
      await pause();
      yield* of(stream).slice(after === undefined ? 0 : Number(after) + 1);
    },
    async last(stream) {
      await pause();
      return of(stream).at(-1) ?? null;
    },
    async head() {
      await pause();
      return events.at(-1)?.position ?? null;
    },
    subscribe: (start) => follow(events, start, grownOr),
  };
}

async function* follow(
  events: readonly StoredEvent[],
  start: FeedStart,
  grownOr: (signal: AbortSignal) => Promise<unknown>,
): AsyncGenerator<FeedItem, void, undefined> {
  const { after, signal } = start;
  let next = after === null ? 0 : Number(after) + 1;
  for (let live = false; !signal.aborted; live = true) {
    for (let event = events[next]; event; event = events[next]) {
      next += 1;
      start.onAlive?.();
      if (wants(start, event)) yield { kind: 'event', event };
    }
    if (!live) yield { kind: 'caught_up' };
    if (next === events.length && !signal.aborted) await grownOr(signal);
  }
}

const revisionOf = (expected: ExpectedRevision): bigint =>
  expected === 'no_stream' ? -1n : expected;

/** At another revision than the last only what stands there already succeeds. */
function past(
  there: readonly StoredEvent[],
  expected: ExpectedRevision,
  added: readonly NewEvent[],
): Appended {
  const first = Number(revisionOf(expected)) + 1;
  const standing = there.slice(first, first + added.length);
  const last = standing.at(-1);
  const same =
    standing.length === added.length && added.every(({ id }, i) => standing[i]?.id === id);
  if (same && last) return { ok: true, revision: last.revision, position: last.position };
  return { ok: false, actual: there.at(-1)?.revision ?? 'no_stream' };
}

function stored(
  stream: string,
  { id, type, data, metadata }: NewEvent,
  first: { readonly revision: number; readonly position: number },
  index: number,
): StoredEvent {
  const revision = BigInt(first.revision + index);
  const position = BigInt(first.position + index);
  return { id, stream, revision, position, type, data: copy(data), metadata: copy(metadata) };
}

const wants = ({ prefixes }: FeedStart, { stream }: StoredEvent): boolean =>
  prefixes?.some((prefix) => stream.startsWith(prefix)) ?? true;

/** As the wire would do it: what JSON can't carry fails. */
const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
