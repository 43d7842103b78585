import type { Freshness } from './adapters/eventstore/freshness.ts';
import type { FeedState } from './adapters/postgres/direct-feed.ts';
import type { ProcessLease } from './adapters/postgres/lease.ts';
import type { PolicyFeedState } from './adapters/postgres/run-policies.ts';
import type { GateReason, Readiness } from './api/ready.ts';
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
  readonly gate: () => GateReason | null;
  readonly now: () => Readiness;
} {
  const obstacles = (): readonly Obstacle[] => {
    const states = [parts.log, ...parts.indexes].map((part) => part());
    const engine = parts.engines().reason;
    const found: readonly (Obstacle | undefined)[] = [
      parts.stopping() ? ['stopping', 'The program is stopping.'] : undefined,
      engine === undefined ? undefined : ['engine_away', engine],
      ofLease(parts.lease),
      ...states.map((state): Obstacle | undefined =>
        state.ok ? undefined : ['log_away', state.reason ?? 'The log is away.'],
      ),
    ];
    return found.filter((obstacle) => obstacle !== undefined);
  };
  const told = () => obstacles().map(([, reason]) => reason);
  return {
    gate: () => obstacles()[0]?.[0] ?? null,
    now: () => ({ reasons: [...told(), ...behind(parts.feed)], state: stateOf(parts) }),
  };
}

/** What stands in the way of calls: as their callers are told, and the operator. */
type Obstacle = readonly [GateReason, string];

/** Why PostgreSQL, as the lease sees it, stands in the way. */
function ofLease(lease: ReadinessParts['lease']): Obstacle | undefined {
  if (!lease.held()) return ['lease_lost', 'This process has no lease at the moment.'];
  if (!lease.unbroken()) return ['postgres_away', 'PostgreSQL does not answer.'];
  const offMs = lease.clockOffMs();
  return offMs > mostOffMs ? ['clock_off', `This clock is ${offMs} ms off.`] : undefined;
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
