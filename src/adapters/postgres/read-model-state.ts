import type { DatabasePool } from 'slonik';
import { builds, stops } from '../../projections/installation.ts';
import type { Behind } from '../eventstore/behind.ts';

const everyMs = 5_000;

/** How one read model is, as the rows of all processes tell. */
export interface ReadModelState {
  /** The build that is shown. */
  readonly schema: string;
  readonly lagSeconds: number;
  /** Partitions that wait at an event. */
  readonly stopped: number;
  /** A build of it was compared and found to be another. */
  readonly differs: boolean;
}

export interface ReadModelWatch {
  /** By name; undefined while nobody knows. */
  now(): ReadonlyMap<string, ReadModelState> | undefined;
  close(): void;
}

/** Looks at the read models' builds every few seconds, for whoever watches over them. */
export function readModelWatch(parts: {
  readonly pool: DatabasePool;
  readonly behind: (after: bigint | null) => Promise<Behind>;
}): ReadModelWatch {
  const { pool, behind } = parts;
  let known: ReadonlyMap<string, ReadModelState> | undefined;

  async function look(): Promise<void> {
    const [all, waiting] = [await pool.any(builds()), await pool.any(stops())];
    const lags = new Map<string | null, number>();
    const states = new Map<string, ReadModelState>();
    for (const { projection, schema, position } of all.filter(({ state }) => state === 'shown')) {
      const after = position === null ? null : BigInt(position);
      const lagSeconds = lags.get(position) ?? (await behind(after)).seconds;
      lags.set(position, lagSeconds);
      states.set(projection, {
        ...{ schema, lagSeconds },
        stopped: waiting.filter((stop) => stop.schema === schema).length,
        differs: all.some((each) => each.projection === projection && isOther(each)),
      });
    }
    known = states;
  }

  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch(() => (known = undefined))
      .finally(() => (looking = false));
  }, everyMs);
  timer.unref();
  return { now: () => known, close: () => clearInterval(timer) };
}

/** Compared, and not shown for it. */
const isOther = ({ state, report }: { readonly state: string; readonly report?: unknown }) =>
  state === 'filling' && report !== null && report !== undefined;
