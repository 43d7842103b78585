import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { allPartitions } from '../../projections/partition.ts';
import { backOff } from '../back-off.ts';
import type { Log } from '../eventstore/log.ts';
import { closeQuietly, connect } from '../postgres/connect.ts';
import type { Feed } from '../postgres/direct-feed.ts';
import { fill } from '../postgres/fill.ts';
import { lookForChanges } from '../postgres/look-for-changes.ts';
import type { StoredOffset } from '../postgres/offsets.ts';
import { readOffsets, startOffsets } from '../postgres/offsets.ts';
import type { Projector } from '../postgres/project.ts';
import { reasonOf } from '../reason-of.ts';
import { applyChunks } from './apply-chunks.ts';
import type { KafkaSettings } from './client.ts';
import type { Chunk, Range } from './consume.ts';
import { consume, TopicUnreadable } from './consume.ts';
import { memberPosition } from './member-position.ts';
import { topicOf } from './topic.ts';

export interface KafkaFeedParts {
  readonly kafka: KafkaSettings;
  /** Members of one group share the partitions; every group reads them all. */
  readonly group: string;
  readonly databaseUrl: string;
  readonly eventLog: Pick<Log, 'subscribe' | 'head'>;
  readonly projector: Projector;
  readonly log: Logger;
  /** Without any record for so long a new client is tried: watermarks come even when no event does. */
  readonly silentMs?: number;
}

/** Feeds the projector from Kafka, and from the log with whatever Kafka doesn't have. */
export function kafkaFeed(parts: KafkaFeedParts): Feed {
  const { group, projector, log, silentMs = 30_000 } = parts;
  const closing = new AbortController();
  const state = { caughtUp: false, failing: null as string | null };
  const mine: Mine = { partitions: undefined };

  async function run(): Promise<void> {
    let isUnreadable = false;
    for (let failures = 0; !closing.signal.aborted; ) {
      const round = new AbortController();
      const signal = AbortSignal.any([closing.signal, round.signal]);
      try {
        await readOn(parts, {
          signal,
          mine,
          silentMs,
          isUnreadable,
          give: (error) => round.abort(error),
          progressed(caughtUp) {
            failures = 0;
            state.failing = null;
            state.caughtUp ||= caughtUp;
          },
        });
      } catch (err) {
        if (closing.signal.aborted) break;
        if (failures === 0) log.warn({ err, group }, 'the projector is interrupted');
        failures += 1;
        isUnreadable = err instanceof TopicUnreadable;
        state.failing = reasonOf(err);
      } finally {
        round.abort();
      }
      const { signal: closed } = closing;
      await backOff(failures, { firstMs: 100, mostMs: 2_000, signal: closed }).catch(() => {});
    }
    projector.close();
  }

  const position = () => memberPosition(mine.partitions, projector.positionIn);
  const done = run();
  return {
    state: () => ({ ...state, position: position(), stopped: projector.stopped() }),
    position,
    async close() {
      closing.abort();
      await done;
    },
  };
}

/** Which partitions the group has given to this member; undefined: it has not joined yet. */
interface Mine {
  partitions: ReadonlySet<number> | undefined;
}

interface Round {
  readonly signal: AbortSignal;
  readonly mine: Mine;
  readonly silentMs: number;
  /** What the topic holds can't be read: only what will come to it may be. */
  readonly isUnreadable: boolean;
  readonly give: (error: Error) => void;
  readonly progressed: (caughtUp: boolean) => void;
}

/** Once a connection or a client breaks, everything begins anew. */
async function readOn(parts: KafkaFeedParts, round: Round): Promise<void> {
  const { kafka, group, databaseUrl, eventLog, projector, log } = parts;
  const { signal, mine, silentMs, isUnreadable, give, progressed } = round;
  const topic = topicOf(kafka.topicPrefix);
  const offsets = new Map<number, StoredOffset>();
  let heardAt = performance.now();
  let goal: bigint | null | undefined;
  // The projector does one thing after the other.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };

  await projector.open();
  watchChanges();
  watchSilence();
  const applying = applyChunks({
    ...{ projector, offsets, group, topic, signal, log, inTurn },
    repair: (upTo) => fillTo(upTo),
    progressed: () => progressed(isCaughtUp()),
  });
  const client = await connect(databaseUrl, { name: `offsets of ${group}`, statementMs: 10_000 });
  try {
    await consume({
      ...{ kafka, topic, group, signal, log },
      joined: (ranges) => join(client, ranges),
      async take(chunk: Chunk) {
        heardAt = performance.now();
        await applying(chunk);
      },
    });
  } finally {
    closeQuietly(client);
    await last;
  }

  /** Partitions without a usable offset are filled from the log, from the offset noted before on. */
  async function join(
    to: pg.Client,
    ranges: ReadonlyMap<number, Range>,
  ): Promise<ReadonlyMap<number, bigint>> {
    heardAt = performance.now();
    goal = await eventLog.head();
    const stored = await readOffsets(to, { group, topic });
    const begin = new Map<number, StoredOffset>();
    for (const [partition, { low, high }] of ranges) {
      const known = stored.get(partition);
      const isThere = known !== undefined && low <= known.next && known.next <= high;
      if (known && !isThere) {
        const at = {
          group,
          partition,
          next: String(known.next),
          low: String(low),
          high: String(high),
        };
        log.warn(at, 'the topic does not hold the noted offset: the log fills in');
      }
      begin.set(partition, isThere && !isUnreadable ? known : { next: high, epoch: 0n });
    }
    await startOffsets(to, { group, topic }, begin);
    mine.partitions = new Set(ranges.keys());
    offsets.clear();
    for (const [partition, offset] of begin) offsets.set(partition, offset);
    const fresh = [...begin].some(([partition, { next }]) => stored.get(partition)?.next !== next);
    if (fresh && goal !== null) {
      const upTo = goal;
      await inTurn(() => fillTo(upTo));
    }
    progressed(isCaughtUp());
    return new Map([...begin].map(([partition, { next }]) => [partition, next]));
  }

  /** Everything of this member's partitions up to a position, from the log. */
  async function fillTo(upTo: bigint): Promise<void> {
    await fill(
      allPartitions.map((partition) => (mine.partitions?.has(partition) ? upTo : null)),
      {
        eventLog,
        positionIn: projector.positionIn,
        write: async (events, reached) => {
          heardAt = performance.now();
          await projector.apply(events, reached);
        },
        signal,
      },
    );
  }

  function isCaughtUp(): boolean {
    const end = goal;
    if (end === undefined) return false;
    if (end === null) return true;
    return [...(mine.partitions ?? [])].every((n) => {
      const reached = projector.positionIn(n);
      return reached === undefined || (reached !== null && reached >= end);
    });
  }

  function watchChanges(): void {
    lookForChanges(
      projector,
      () =>
        void inTurn(async () => {
          if (!signal.aborted) await projector.open();
        }).then(watchChanges, (error: unknown) =>
          give(new Error('The projector could not be opened anew.', { cause: error })),
        ),
      signal,
    );
  }

  function watchSilence(): void {
    void (async () => {
      while (!signal.aborted) {
        await sleep(1_000, undefined, { signal, ref: false }).catch(() => undefined);
        const silent = performance.now() - heardAt;
        // A member without partitions hears nothing, and lacks nothing.
        if (silent > silentMs && (mine.partitions?.size ?? 0) > 0)
          give(new Error(`No record for ${Math.round(silent)} ms.`));
      }
    })();
  }
}
