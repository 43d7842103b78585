import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Whether what is known of the log may be trusted, or why not. */
export type Freshness = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface WatchParts {
  readonly name: string;
  readonly head: () => Promise<bigint | null>;
  /** Makes up for what may have been missed up to a head; rejects when that is not reached. */
  readonly catchUp: (head: bigint | null) => Promise<void>;
  /** A living subscription has long passed this head: nothing up to it need be looked at again. */
  readonly passed: (head: bigint | null) => void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** For so long nothing need be known. */
  readonly staleMs: number;
}

export interface Watch {
  /** To be called for every sign of life of the subscription. */
  heard(): void;
  now(): Freshness;
}

/**
 * Sees to it that silence means nothing has happened: when the log has grown and its subscription
 * hasn't shown any life, what it may have missed is read. While that fails too, nothing is fresh.
 */
export function watchFreshness(parts: WatchParts): Watch {
  const { name, head, catchUp, passed, logger, signal, staleMs } = parts;
  let heard = false;
  let lookedTo: bigint | null = null;
  let sureAt = performance.now();

  async function look() {
    const last = await head();
    if (heard) passed(lookedTo);
    else if (last !== lookedTo) await catchUp(last);
    heard = false;
    lookedTo = last;
    sureAt = performance.now();
  }

  async function watch() {
    while (!signal.aborted) {
      await look().catch((err: unknown) => {
        if (!signal.aborted) logger.warn({ err }, `${name} may be behind the log`);
      });
      await sleep(staleMs / 5, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
  void watch();

  return {
    heard: () => {
      heard = true;
    },
    now: () =>
      performance.now() - sureAt <= staleMs
        ? { ok: true }
        : { ok: false, reason: `${name} has not been seen current for ${staleMs} ms.` },
  };
}
