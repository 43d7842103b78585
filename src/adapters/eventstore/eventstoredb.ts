import { EventStoreDBClient } from '@eventstore/db-client';
import type { Logger } from 'pino';
import { appendRequest } from './append-request.ts';
import { appender } from './appender.ts';
import type { Appended, ExpectedRevision, Log, NewEvent } from './log.ts';
import { logHealth } from './log-health.ts';
import { logReader } from './log-reader.ts';
import { logSubscription } from './log-subscription.ts';
import { withWideWindow } from './wide-window.ts';

export interface EventStoreDbParts {
  readonly url: string;
  readonly log: Logger;
  /** Aborted when the program stops: appends end as `LogUnavailable`, subscriptions just end. */
  readonly signal: AbortSignal;
  /** How long one attempt to append may take before its connection is replaced. */
  readonly appendDeadlineMs?: number;
  /** How long a read goes on trying without getting anything. */
  readonly readPatienceMs?: number;
  /** For who reads all of the log at once, and nothing else waits beside it. */
  readonly wideWindow?: boolean;
}

export interface EventStoreDbLog extends Log {
  close(): Promise<void>;
  /** The last fault without a success since. */
  health(): { readonly ok: boolean; readonly reason?: string };
}

/** The event log on EventStoreDB's protocol, whoever serves it. */
export function eventStoreDbLog(parts: EventStoreDbParts): EventStoreDbLog {
  const { log, signal, appendDeadlineMs = 5_000, readPatienceMs = 10_000, wideWindow } = parts;
  const url = parts.url.replace(/^kurrentdb/, 'esdb');
  const health = logHealth(log);
  const closing = new AbortController();
  const stopped = AbortSignal.any([signal, closing.signal]);
  const narrow = EventStoreDBClient.connectionString(url);
  const client = wideWindow ? withWideWindow(narrow) : narrow;
  const reader = logReader(client, { health, signal: stopped, patienceMs: readPatienceMs });
  const { succeeded, failed } = health;
  const { append, close } = appender({
    url,
    deadlineMs: appendDeadlineMs,
    signal: stopped,
    succeeded,
    failed,
  });
  stopped.addEventListener('abort', close, { once: true });

  return {
    async append(stream, expected, events): Promise<Appended> {
      const answer = await append(appendRequest(stream, expected, events));
      if (answer.kind === 'impossible') {
        throw new Error(`The log refuses an append to ${stream}: ${answer.reason}`);
      }
      if (answer.kind === 'wrong_revision') return { ok: false, actual: answer.actual };
      const revision = revisionAfter(expected, events);
      const position = answer.position ?? (await reader.at(stream, revision))?.position;
      if (position === undefined) throw new Error(`${stream}@${revision} has vanished.`);
      return { ok: true, revision, position };
    },
    read: reader.read,
    last: async (stream) => (await reader.last(stream)) ?? null,
    head: reader.head,
    subscribe: (start) =>
      logSubscription(client, health, {
        ...start,
        signal: AbortSignal.any([start.signal, stopped]),
      }),
    health: health.now,
    async close() {
      closing.abort();
      // It waits for streams that may have ended long ago, and leaves the connection open.
      void client.dispose();
      // biome-ignore lint/complexity/useLiteralKeys: protected, and reachable in this way only
      (await client['getChannel']()).close();
    },
  };
}

const revisionAfter = (expected: ExpectedRevision, events: readonly NewEvent[]): bigint =>
  (expected === 'no_stream' ? -1n : expected) + BigInt(events.length);
