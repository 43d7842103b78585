import type {
  EventStoreDBClient,
  ReadAllOptions,
  ReadPosition,
  ReadRevision,
  ReadStreamOptions,
} from '@eventstore/db-client';
import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client';
import type { StoredEvent } from '../../domain/events.ts';
import type { Patience } from './read-attempts.ts';
import { patience, patiently, readOnce } from './read-attempts.ts';
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
  const requiresLeader = true;

  async function* read(stream: string, after?: bigint) {
    let fromRevision: ReadRevision = after === undefined ? START : after + 1n;
    let tryAgain = patience(trying);
    for (;;) {
      try {
        const options: ReadStreamOptions = { fromRevision, requiresLeader };
        for await (const event of readOnce(() => client.readStream(stream, options))) {
          fromRevision = event.revision + 1n;
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

  const one = (
    stream: string,
    options: { fromRevision: ReadRevision; direction: typeof FORWARDS | typeof BACKWARDS },
  ) =>
    patiently(trying, async () => {
      const open = () => client.readStream(stream, { ...options, requiresLeader, maxCount: 1 });
      for await (const event of readOnce(open)) return event;
      return undefined;
    });

  async function lastOfAll(from: ReadPosition): Promise<bigint | null> {
    const page: ReadAllOptions = {
      fromPosition: from,
      direction: BACKWARDS,
      requiresLeader,
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
    last: (stream) => one(stream, { fromRevision: END, direction: BACKWARDS }),
    at: (stream, fromRevision) => one(stream, { fromRevision, direction: FORWARDS }),
    head: () => patiently(trying, () => lastOfAll(END)),
  };
}
