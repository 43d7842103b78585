import type { Freshness } from './adapters/eventstore/freshness.ts';
import type { Feed } from './adapters/postgres/direct-feed.ts';
import type { Readiness } from './api/ready.ts';
import type { EngineState } from './engines.ts';

export interface ReadinessParts {
  readonly engines: () => EngineState;
  readonly leaseHeld: () => boolean;
  readonly log: () => { readonly ok: boolean; readonly reason?: string };
  /** What authentication and prices are looked up in. */
  readonly indexes: readonly (() => Freshness)[];
  /** Absent in a process without the role `projector`. */
  readonly feed?: Feed['state'] | undefined;
  readonly stopping: () => boolean;
}

/** Why no new call may begin in this process, and how its parts are. */
export function readiness(parts: ReadinessParts): {
  readonly gate: () => string | null;
  readonly now: () => Readiness;
} {
  const reasons = (): readonly string[] => {
    const found: (string | undefined)[] = [];
    if (parts.stopping()) found.push('The program is stopping.');
    found.push(parts.engines().reason);
    if (!parts.leaseHeld()) found.push('This process has no lease at the moment.');
    for (const part of [parts.log, ...parts.indexes]) {
      const state = part();
      if (!state.ok) found.push(state.reason ?? 'The event log does not answer.');
    }
    return found.filter((reason) => reason !== undefined);
  };
  return {
    gate: () => reasons()[0] ?? null,
    now() {
      const feed = parts.feed?.();
      const catchingUp = feed && !feed.caughtUp ? ['The read models are catching up.'] : [];
      return { reasons: [...reasons(), ...catchingUp], state: stateOf(parts, feed) };
    },
  };
}

function stateOf(
  { engines, leaseHeld }: ReadinessParts,
  feed: ReturnType<Feed['state']> | undefined,
) {
  const { postgres, eventlog } = engines();
  return {
    postgres,
    eventlog,
    lease: leaseHeld() ? 'held' : 'lost',
    ...(feed
      ? {
          feed: {
            position: feed.position?.toString() ?? null,
            failing: feed.failing,
            stopped: feed.stopped,
          },
        }
      : {}),
  };
}
