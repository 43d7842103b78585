import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import { z } from 'zod';

export interface LogFacts {
  readonly version: string;
  readonly answerMs: number;
  /** How far the clock that events were recorded by is from the log's; null: there are no events. */
  readonly skewMs: number | null;
}

const lookedAt = 64;
const deadlineMs = 5_000;
const Recorded = z.object({ recordedAt: z.string() });

/** What the server of a log says of itself, and what its newest events say of the clocks. */
export async function logFacts(url: string): Promise<LogFacts> {
  const client = EventStoreDBClient.connectionString(url.replace(/^kurrentdb/, 'esdb'));
  try {
    const since = performance.now();
    // biome-ignore lint/complexity/useLiteralKeys: protected, and said nowhere else
    const { serverVersion } = await inTime(client['capabilities']);
    const answerMs = performance.now() - since;
    return { version: serverVersion, answerMs, skewMs: await inTime(skewOf(client)) };
  } finally {
    void client.dispose();
    // biome-ignore lint/complexity/useLiteralKeys: protected, and reachable in this way only
    client['getChannel']()
      .then((channel) => channel.close())
      .catch(() => undefined);
  }
}

/** An append may be late, so of the newest events the one that differs least is believed. */
async function skewOf(client: EventStoreDBClient): Promise<number | null> {
  let least: number | null = null;
  const newest = { direction: BACKWARDS, fromPosition: END, maxCount: lookedAt } as const;
  for await (const { event } of client.readAll(newest)) {
    // The log's own events have no envelope.
    const recorded = Recorded.safeParse(event?.metadata);
    if (!event || !recorded.success) continue;
    const offMs = Date.parse(recorded.data.recordedAt) - event.created.getTime();
    if (least === null || Math.abs(offMs) < Math.abs(least)) least = offMs;
  }
  return least;
}

const inTime = <T>(work: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`The event log has not answered for ${deadlineMs} ms.`)),
    deadlineMs,
  );
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
};
