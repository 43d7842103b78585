import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { StoredEvent } from '../../domain/events.ts';
import type { OffsetMove, StoredOffset } from '../postgres/offsets.ts';
import { moveOffsets } from '../postgres/offsets.ts';
import type { Projector } from '../postgres/project.ts';
import { restMs } from '../postgres/rest.ts';
import type { Chunk } from './consume.ts';
import { readChunk } from './read-chunk.ts';
import type { FeedRecord } from './record.ts';
import { readRecord } from './record.ts';

export interface ApplyParts {
  readonly projector: Projector;
  /** By partition: where this process believes its group to be. */
  readonly offsets: Map<number, StoredOffset>;
  readonly group: string;
  readonly topic: string;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** Brings what no record tells of, up to a position. */
  repair(upTo: bigint): Promise<void>;
  progressed(): void;
}

interface Waiting {
  readonly chunk: Chunk;
  readonly done: PromiseWithResolvers<void>;
}

const mostRecords = 4_000;

/** Applies whatever chunks wait together, in one transaction; whoever gave one hears of its end. */
export function applyChunks(parts: ApplyParts): (chunk: Chunk) => Promise<void> {
  const { signal, inTurn, progressed } = parts;
  let waiting: Waiting[] = [];
  let working = false;

  /** Reads the next records while the last ones are written. */
  async function work(): Promise<void> {
    let before: Promise<void> = Promise.resolve();
    while (waiting.length > 0) {
      const taken = someOf(waiting);
      waiting = waiting.slice(taken.length);
      try {
        const chunks = taken.map(({ chunk }) => chunk);
        const { count, written } = await inTurn(() => apply(chunks, parts));
        const ended = endOf(taken, written);
        await before;
        before = ended;
        await rest(ended, count);
      } catch (error) {
        for (const { done } of [...taken, ...waiting]) done.reject(error);
        waiting = [];
      }
    }
    working = false;
  }

  /** While nothing waits: what comes meanwhile goes together. */
  async function rest(ended: Promise<void>, count: number): Promise<void> {
    if (waiting.length > 0) return;
    await ended;
    if (waiting.length > 0) return;
    await sleep(restMs(count), undefined, { signal }).catch(() => undefined);
  }

  function endOf(taken: readonly Waiting[], written: Promise<void>): Promise<void> {
    const ended = written.then(() => {
      for (const { done } of taken) done.resolve();
      progressed();
    });
    ended.catch((error: unknown) => {
      for (const { done } of taken) done.reject(error);
    });
    return ended;
  }

  return (chunk) => {
    const done = Promise.withResolvers<void>();
    waiting.push({ chunk, done });
    if (!working) {
      working = true;
      // What comes in the same turn of the event loop goes together.
      setImmediate(() => void work());
    }
    return done.promise;
  };
}

function someOf(waiting: readonly Waiting[]): readonly Waiting[] {
  let records = 0;
  const end = waiting.findIndex(({ chunk }, index) => {
    records += chunk.messages.length;
    return index > 0 && records > mostRecords;
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}

interface Applied {
  /** Events. */
  readonly count: number;
  readonly written: Promise<void>;
}

/** Reads chunks and hands their events on; chunks of the same partition come one after the other. */
async function apply(chunks: readonly Chunk[], parts: ApplyParts): Promise<Applied> {
  const { projector, offsets, group, topic, log, repair } = parts;
  let events: StoredEvent[] = [];
  const upTo = new Map<number, bigint>();
  const moves = new Map<number, OffsetMove>();
  let count = 0;

  for (const { partition, messages, next } of chunks) {
    const from = offsets.get(partition);
    // It is another member's since this was fetched.
    if (!from) continue;
    const epoch = await read(partition, readable(messages, log), moves.get(partition)?.to ?? from);
    moves.set(partition, { partition, from, to: { next, epoch } });
  }
  const written = projector
    .apply(events, upTo, (client) => moveOffsets(client, { group, topic }, [...moves.values()]))
    .then(() => {
      for (const { partition, to } of moves.values()) offsets.set(partition, to);
    });
  written.catch(() => undefined);
  return { count, written };

  async function read(
    partition: number,
    records: readonly FeedRecord[],
    known: StoredOffset,
  ): Promise<bigint> {
    let { epoch } = known;
    for (let rest = records; ; ) {
      const at = upTo.get(partition) ?? projector.positionIn(partition);
      // Nothing takes this partition's events until it is mended, and then they come from the log.
      if (at === undefined) return epoch;
      const seen = readChunk(rest, { at, epoch });
      epoch = seen.epoch;
      events.push(...seen.events);
      count += seen.events.length;
      if (seen.at !== null) upTo.set(partition, seen.at);
      if (seen.missing === null) return epoch;
      await mend(partition, seen.missing);
      rest = rest.slice(seen.count);
    }
  }

  /** After all that came before the gap. */
  async function mend(partition: number, missing: bigint): Promise<void> {
    await projector.apply(events, upTo);
    events = [];
    upTo.clear();
    log.warn({ group, partition, missing: String(missing) }, 'a gap is filled from the log');
    await repair(missing);
    const reached = projector.positionIn(partition);
    if (reached !== undefined && (reached ?? -1n) < missing) {
      throw new Error(`Partition ${partition} is not this member's any more.`);
    }
  }
}

function readable(messages: Chunk['messages'], log: Logger): readonly FeedRecord[] {
  return messages.flatMap((message) => {
    try {
      return [readRecord(message)];
    } catch (err) {
      // If it took the place of one of ours, the next one says so.
      log.error({ err }, 'a record was left out');
      return [];
    }
  });
}
