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

  /** Reads until something breaks, or this is closed. */
  async function readOnce(isUnreadable: boolean, progressed: () => void): Promise<void> {
    const round = new AbortController();
    try {
      await readOn(parts, {
        ...{ mine, silentMs, isUnreadable },
        signal: AbortSignal.any([closing.signal, round.signal]),
        give: (error) => round.abort(error),
        progressed(caughtUp) {
          progressed();
          state.failing = null;
          state.caughtUp ||= caughtUp;
        },
      });
    } finally {
      round.abort();
    }
  }

  function interrupted(err: unknown): void {
    if (state.failing === null) log.warn({ err, group }, 'the projector is interrupted');
    state.failing = reasonOf(err);
  }

  async function run(): Promise<void> {
    const { signal } = closing;
    let isUnreadable = false;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await readOnce(isUnreadable, () => (failures = 0));
      } catch (err) {
        if (signal.aborted) break;
        failures += 1;
        isUnreadable = err instanceof TopicUnreadable;
        interrupted(err);
      }
      await backOff(failures, { firstMs: 100, mostMs: 2_000, signal }).catch(() => {});
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
  const { signal, mine, isUnreadable, give, progressed } = round;
  const topic = topicOf(kafka.topicPrefix);
  const offsets = new Map<number, StoredOffset>();
  let heardAt = performance.now();
  let goal: bigint | null | undefined;
  const { inTurn, idle } = oneByOne();

  await projector.open();
  watchChanges();
  void watchSilence(round, () => performance.now() - heardAt);
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
    await idle();
  }

  /** Partitions without a usable offset are filled from the log, from the offset noted before on. */
  async function join(to: pg.Client, ranges: Ranges): Promise<ReadonlyMap<number, bigint>> {
    heardAt = performance.now();
    goal = await eventLog.head();
    const stored = await readOffsets(to, { group, topic });
    const begin = beginIn(ranges, isUnreadable ? new Map() : stored);
    for (const lost of notHeld(ranges, stored)) {
      log.warn({ group, ...lost }, 'the topic does not hold the noted offset: the log fills in');
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
    const ends = allPartitions.map((partition) => (mine.partitions?.has(partition) ? upTo : null));
    await fill(ends, {
      ...{ eventLog, positionIn: projector.positionIn, signal },
      async write(events, reached) {
        heardAt = performance.now();
        await projector.apply(events, reached);
      },
    });
  }

  // Hoisted like the others here: they are called while `consume` is awaited.
  function isCaughtUp(): boolean {
    return goal !== undefined && haveReached(goal, mine, projector);
  }

  function watchChanges(): void {
    const openAnew = () =>
      inTurn(async () => {
        if (!signal.aborted) await projector.open();
      });
    const failed = (cause: unknown) =>
      give(new Error('The projector could not be opened anew.', { cause }));
    lookForChanges(projector, () => void openAnew().then(watchChanges, failed), signal);
  }
}

/** The projector does one thing after the other. */
function oneByOne() {
  let last: Promise<unknown> = Promise.resolve();
  return {
    inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
      const result = last.then(work);
      last = result.catch(() => undefined);
      return result;
    },
    /** When all that was given so far has ended, whichever way. */
    idle: () => last,
  };
}

/** All of this member's partitions that it can feed have come so far. */
const haveReached = (end: bigint | null, mine: Mine, { positionIn }: Projector): boolean =>
  end === null ||
  [...(mine.partitions ?? [])].every((partition) => {
    const reached = positionIn(partition);
    return reached === undefined || (reached !== null && reached >= end);
  });

type Ranges = ReadonlyMap<number, Range>;
type StoredOffsets = ReadonlyMap<number, StoredOffset>;

const holds = ({ low, high }: Range, { next }: StoredOffset): boolean =>
  low <= next && next <= high;

/** Where the topic goes on for who has read up to the noted offsets; at its end where there is none of use. */
const beginIn = (ranges: Ranges, stored: StoredOffsets): StoredOffsets =>
  new Map(
    [...ranges].map(([partition, range]) => {
      const known = stored.get(partition);
      return [partition, known && holds(range, known) ? known : { next: range.high, epoch: 0n }];
    }),
  );

/** Noted offsets that are of no use, for the log. */
const notHeld = (ranges: Ranges, stored: StoredOffsets) =>
  [...ranges].flatMap(([partition, range]) => {
    const known = stored.get(partition);
    if (!known || holds(range, known)) return [];
    const { low, high } = range;
    return [{ partition, next: String(known.next), low: String(low), high: String(high) }];
  });

/** Nothing is heard for too long: a new client is tried. */
async function watchSilence(
  { signal, mine, silentMs, give }: Round,
  sinceHeardMs: () => number,
): Promise<void> {
  while (!signal.aborted) {
    await sleep(1_000, undefined, { signal, ref: false }).catch(() => undefined);
    const silent = sinceHeardMs();
    // A member without partitions hears nothing, and lacks nothing.
    if (silent > silentMs && (mine.partitions?.size ?? 0) > 0) {
      give(new Error(`No record for ${Math.round(silent)} ms.`));
    }
  }
}
