import type { Freshness } from './adapters/eventstore/freshness.ts';
import type { FeedState } from './adapters/postgres/direct-feed.ts';
import type { ProcessLease } from './adapters/postgres/lease.ts';
import type { PolicyFeedState } from './adapters/postgres/run-policies.ts';
import type { Readiness } from './api/ready.ts';
import type { EngineState } from './engines.ts';

/** What follows the log in this process. */
export interface Feeds {
  readonly models: () => FeedState;
  readonly policies: () => PolicyFeedState;
}

/** In a stream time never goes back: what a clock from the future writes expires everybody's credit early. */
const mostOffMs = 10_000;

export interface ReadinessParts {
  readonly engines: () => EngineState;
  readonly lease: Pick<ProcessLease, 'clockOffMs' | 'held' | 'unbroken'>;
  readonly log: () => { readonly ok: boolean; readonly reason?: string };
  /** What authentication and prices are looked up in. */
  readonly indexes: readonly (() => Freshness)[];
  /** Absent in a process without the role `projector`. */
  readonly feed?: Feeds | undefined;
  readonly stopping: () => boolean;
}

/** Why no new call may begin in this process, and how its parts are. */
export function readiness(parts: ReadinessParts): {
  readonly gate: () => string | null;
  readonly now: () => Readiness;
} {
  const reasons = (): readonly string[] => {
    const states = [parts.log, ...parts.indexes].map((part) => part());
    const found: readonly (string | undefined)[] = [
      parts.stopping() ? 'The program is stopping.' : undefined,
      parts.engines().reason,
      ofLease(parts.lease),
      ...states.map((state) => (state.ok ? undefined : (state.reason ?? 'The log is away.'))),
    ];
    return found.filter((reason) => reason !== undefined);
  };
  return {
    gate: () => reasons()[0] ?? null,
    now: () => ({ reasons: [...reasons(), ...behind(parts.feed)], state: stateOf(parts) }),
  };
}

/** Why PostgreSQL, as the lease sees it, stands in the way. */
function ofLease(lease: ReadinessParts['lease']): string | undefined {
  if (!lease.held()) return 'This process has no lease at the moment.';
  if (!lease.unbroken()) return 'PostgreSQL does not answer.';
  const offMs = lease.clockOffMs();
  return offMs > mostOffMs ? `This clock is ${offMs} ms off.` : undefined;
}

/** Until they have once been at the log's end, lists and consequences of earlier writes are missing. */
function behind(feed: Feeds | undefined): readonly string[] {
  if (!feed) return [];
  return [
    ...(feed.models().caughtUp ? [] : ['The read models are catching up.']),
    ...(feed.policies().caughtUp ? [] : ['The policies are catching up.']),
  ];
}

function stateOf({ engines, lease: { held }, feed }: ReadinessParts) {
  const { postgres, eventlog } = engines();
  const lease = held() ? 'held' : 'lost';
  if (!feed) return { postgres, eventlog, lease };
  const { position, failing, stopped } = feed.models();
  const policies = feed.policies();
  return {
    postgres,
    eventlog,
    lease,
    read_models: {
      position: position?.toString() ?? null,
      failing,
      // The reason quotes data, and this is open to everybody: it stands in the log.
      stopped: stopped.map(({ projection, cause }) => ({ projection, cause })),
    },
    policies: { failing: policies.failing, waits_at: policies.waitsAt?.toString() ?? null },
  };
}
