import type { Logger } from 'pino';
import type { Recorded, StoredEvent } from '../../domain/events.ts';
import { decode } from '../../domain/events.ts';
import { backOff } from '../back-off.ts';
import { reasonOf } from '../reason-of.ts';
import type { Freshness } from './freshness.ts';
import { watchFreshness } from './freshness.ts';
import type { Log } from './log.ts';

export interface IndexFollowerParts<Rows extends { readonly after: bigint | null }> {
  readonly name: string;
  readonly log: Pick<Log, 'head' | 'subscribe'>;
  readonly logger: Logger;
  readonly prefixes: readonly string[];
  /** What the index starts from: everything up to `after`. */
  readonly rows: () => Promise<Rows>;
  readonly fill: (rows: Rows) => void;
  /** Others are passed over, and not even decoded. */
  readonly wants?: (event: StoredEvent) => boolean;
  /** May be told the same event more than once. */
  readonly apply: (event: Recorded) => void;
  /** How long the index may be behind the log unnoticed. */
  readonly staleMs?: number | undefined;
}

export interface IndexFollower {
  /** Resolves when everything that was in the log at the start is in the index. */
  readonly filled: Promise<void>;
  fresh(): Freshness;
  close(): Promise<void>;
}

/** Keeps an index in memory at the log's end, by a subscription of its own. */
export function followIndex<Rows extends { readonly after: bigint | null }>(
  parts: IndexFollowerParts<Rows>,
): IndexFollower {
  const { name, log, logger, prefixes, staleMs = 5_000 } = parts;
  const closing = new AbortController();
  const { signal } = closing;
  const filled = Promise.withResolvers<void>();
  /** Where a second look begins. */
  let position: bigint | null = null;
  let isFilled = false;
  let unreadable: string | undefined;

  const passed = (to: bigint | null) => {
    if (to !== null && (position === null || to > position)) position = to;
  };

  const take = (event: StoredEvent) => {
    passed(event.position);
    if (parts.wants && !parts.wants(event)) return;
    try {
      parts.apply(decode(event));
    } catch (err) {
      // It may have taken somebody's access away: nothing is sure until a release that can read it runs.
      unreadable ??= reasonOf(err);
      logger.error({ err, position: String(event.position) }, `${name} can't read an event`);
    }
  };

  async function fill() {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const rows = await parts.rows();
        parts.fill(rows);
        return rows.after;
      } catch (err) {
        logger.warn({ err }, `${name} could not be filled`);
        await backOff(failures, { firstMs: 100, mostMs: 2_000, signal }).catch(() => undefined);
      }
    }
    return null;
  }

  /** A second look, up to the log's end, at what the subscription may have missed. */
  async function catchUp(head: bigint | null) {
    if (!isFilled) return;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(staleMs)]);
    for await (const item of log.subscribe({ after: position, prefixes, signal: inTime })) {
      if (item.kind === 'caught_up') return passed(head);
      take(item.event);
    }
    throw new Error('The log was not read to its end in time.');
  }

  const { head } = log;
  const watch = watchFreshness({ name, head, catchUp, passed, logger, signal, staleMs });

  async function follow() {
    position = await fill();
    const start = { after: position, prefixes, signal, onAlive: watch.heard };
    for await (const item of log.subscribe(start)) {
      if (item.kind === 'event') take(item.event);
      else {
        isFilled = true;
        filled.resolve();
      }
    }
  }
  const following = follow();

  return {
    filled: filled.promise,
    fresh() {
      if (unreadable !== undefined) return { ok: false, reason: `${name}: ${unreadable}` };
      if (!isFilled) return { ok: false, reason: `${name} is being filled.` };
      return watch.now();
    },
    async close() {
      closing.abort();
      await following;
    },
  };
}
