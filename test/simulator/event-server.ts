import type { Appended, ExpectedRevision, NewEvent } from '../../src/adapters/eventstore/log.ts';
import type { Recorded, StoredEvent } from '../../src/domain/events.ts';
import { decode } from '../../src/domain/events.ts';

/** EventStoreDB as far as its rules go; no time passes in it. */
export interface EventServer {
  readonly events: readonly StoredEvent[];
  of(stream: string): readonly StoredEvent[];
  /** Yes, no, or yes because these very events stand there already. */
  write(stream: string, expected: ExpectedRevision, added: readonly NewEvent[]): Appended;
  /** Decoded, once for everybody who looks. */
  read(event: StoredEvent): Recorded;
}

export function eventServer(written: (events: readonly StoredEvent[]) => void): EventServer {
  const events: StoredEvent[] = [];
  const streams = new Map<string, StoredEvent[]>();
  const decoded = new WeakMap<StoredEvent, Recorded>();

  const of = (stream: string): StoredEvent[] => {
    const known = streams.get(stream) ?? [];
    streams.set(stream, known);
    return known;
  };

  return {
    events,
    of,
    write(stream, expected, added) {
      const there = of(stream);
      if (revisionOf(expected) !== BigInt(there.length) - 1n) return past(there, expected, added);
      const first = { revision: there.length, position: events.length };
      const stored = added.map(
        ({ id, type, data, metadata }, index): StoredEvent => ({
          id,
          stream,
          type,
          revision: BigInt(first.revision + index),
          position: BigInt(first.position + index),
          data: copy(data),
          metadata: copy(metadata),
        }),
      );
      there.push(...stored);
      events.push(...stored);
      written(stored);
      const position = BigInt(events.length - 1);
      return { ok: true, revision: BigInt(there.length - 1), position };
    },
    read(event) {
      const known = decoded.get(event);
      if (known) return known;
      const fresh = decode(event);
      decoded.set(event, fresh);
      return fresh;
    },
  };
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
  const isSame =
    standing.length === added.length && added.every(({ id }, i) => standing[i]?.id === id);
  if (isSame && last) return { ok: true, revision: last.revision, position: last.position };
  return { ok: false, actual: there.at(-1)?.revision ?? 'no_stream' };
}

const copy = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
