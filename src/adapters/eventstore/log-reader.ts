import type { EventStoreDBClient, ReadAllOptions, ReadPosition } from '@eventstore/db-client';
import { BACKWARDS, END } from '@eventstore/db-client';
import type { StoredEvent } from '../../domain/events.ts';
import type { Patience } from './read-attempts.ts';
import { patience, patiently, readOnce } from './read-attempts.ts';
import type { StreamRange } from './read-stream.ts';
import { readStream } from './read-stream.ts';
import { isSystem } from './stored-event.ts';

export interface LogReader {
  read(stream: string, after?: bigint): AsyncIterable<StoredEvent>;
  last(stream: string): Promise<StoredEvent | undefined>;
  at(stream: string, revision: bigint): Promise<StoredEvent | undefined>;
  head(): Promise<bigint | null>;
}

/** So many events of the log's end are looked at together for one that isn't the system's. */
const headPage = 64;

/** Reads through the client, from the leader, and again after every fault. */
export function logReader(client: EventStoreDBClient, trying: Patience): LogReader {
  async function* read(stream: string, after?: bigint) {
    let from: bigint | 'start' = after === undefined ? 'start' : after + 1n;
    let tryAgain = patience(trying);
    for (;;) {
      try {
        for await (const event of readStream(client, { stream, from })) {
          from = event.revision + 1n;
          tryAgain = patience(trying);
          yield event;
        }
        trying.health.succeeded();
        return;
      } catch (error) {
        await tryAgain(error);
      }
    }
  }

  const one = (range: Omit<StreamRange, 'most'>) =>
    patiently(trying, async () => {
      for await (const event of readStream(client, { ...range, most: 1 })) return event;
      return undefined;
    });

  async function lastOfAll(from: ReadPosition): Promise<bigint | null> {
    const page: ReadAllOptions = {
      fromPosition: from,
      direction: BACKWARDS,
      requiresLeader: true,
      maxCount: headPage,
    };
    const events = await Array.fromAsync(readOnce(() => client.readAll(page)));
    const found = events.find((event) => !isSystem(event));
    const oldest = events.at(-1)?.position;
    if (found || oldest === undefined || events.length < headPage) return found?.position ?? null;
    return await lastOfAll({ commit: oldest, prepare: oldest });
  }

  return {
    read,
    last: (stream) => one({ stream, from: 'end', backwards: true }),
    at: (stream, from) => one({ stream, from }),
    head: () => patiently(trying, () => lastOfAll(END)),
  };
}
