import type pg from 'pg';
import type { Logger } from 'pino';
import type { StoredEvent } from '../../domain/events.ts';
import { decode, EventFromNewerVersion } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { Log } from '../eventstore/log.ts';
import { earliest, moveCheckpoints, readCheckpoints } from './checkpoints.ts';
import { closeQuietly, connect } from './connect.ts';
import { follow } from './follow.ts';
import type { RunPoliciesFor } from './policy-runner.ts';

/**
 * The streams whose events policies look at. Each prefix has a checkpoint of its own: when a later
 * release adds one, an older process that still runs doesn't move past its events unread.
 */
export const policyPrefixes: readonly string[] = [
  ...[streamOf.email(''), streamOf.settings()],
  ...[streamOf.member(''), streamOf.apiKey('')],
];

/** The streams whose events people are written to about. */
export const mailPrefixes: readonly string[] = [streamOf.budget('')];

export interface PolicyFeedState {
  readonly caughtUp: boolean;
  /** Why nothing is done at the moment; null when all is well. */
  readonly failing: string | null;
  /** The event of a newer release at which the policies wait for that release. */
  readonly waitsAt: bigint | null;
  readonly position: bigint | null;
  /** Since all that policies look at was last acted on; 0: it is. */
  readonly lagSeconds: number;
}

export interface PolicyFeedParts {
  readonly databaseUrl: string;
  readonly eventLog: Pick<Log, 'head' | 'subscribe'>;
  readonly run: RunPoliciesFor;
  readonly log: Logger;
  /** Whoever has another name has positions of its own: one doesn't wait for the other. */
  readonly name?: string;
  readonly prefixes?: readonly string[];
  /** So long nothing may be done while the log has something to do; then it is read anew. */
  readonly silentMs?: number;
}

interface Lane {
  readonly name: string;
  readonly prefix: string;
  position: bigint | null;
}

/** Runs every event's policies at least once: a checkpoint moves when all its commands are through. */
export function runPolicies({
  databaseUrl,
  eventLog,
  run,
  log,
  name = 'policies',
  prefixes = policyPrefixes,
  silentMs,
}: PolicyFeedParts) {
  const closing = new AbortController();
  const lanes = prefixes.map((prefix): Lane => ({ name, prefix, position: null }));
  const state = { caughtUp: false, failing: null as string | null, waitsAt: null as bigint | null };
  let client: pg.Client | undefined;
  /** The last event that is through, filed or not. */
  let reached: bigint | null = null;

  async function handle(event: StoredEvent): Promise<boolean> {
    const lane = laneOf(lanes, event);
    if (!lane || (lane.position !== null && event.position <= lane.position)) return true;
    try {
      await run(decode(event));
    } catch (error) {
      if (!(error instanceof EventFromNewerVersion)) throw error;
      state.waitsAt = event.position;
      log.error({ err: error, position: String(event.position) }, `${name} wait for a release`);
      return false;
    }
    return true;
  }

  async function save(events: readonly StoredEvent[]): Promise<void> {
    if (!client) return;
    const moves = movesIn(lanes, events);
    if (moves.length === 0) return;
    await client.query('BEGIN');
    if (await moveCheckpoints(client, moves)) {
      await client.query('COMMIT');
      for (const { lane, to } of moves) lane.position = to;
    } else {
      await client.query('ROLLBACK');
      await syncLanes(client, lanes);
    }
  }

  const { done, lagSeconds } = follow(
    {
      name: `the ${name}`,
      async open() {
        if (client) closeQuietly(client);
        client = await connect(databaseUrl, { name, statementMs: 10_000 });
        await syncLanes(client, lanes);
        reached = earliest(lanes.map(({ position }) => position));
        return reached;
      },
      subscribe: (after, signal) => eventLog.subscribe({ after, prefixes, signal }),
      async take(items) {
        const through: StoredEvent[] = [];
        for (const item of items) {
          if (item.kind === 'caught_up') state.caughtUp = true;
          else if (await handle(item.event)) through.push(item.event);
          reached = through.at(-1)?.position ?? reached;
          if (state.waitsAt !== null) break;
        }
        await save(through);
      },
      takesAhead: false,
      position: () => reached,
      wants: () => state.waitsAt === null,
      close() {
        if (client) closeQuietly(client);
      },
    },
    {
      ...{ head: eventLog.head, log, signal: closing.signal, silentMs },
      onState: (failure) => (state.failing = failure),
    },
  );

  return {
    state: (): PolicyFeedState => ({
      ...state,
      position: earliest(lanes.map(({ position }) => position)),
      lagSeconds: lagSeconds(),
    }),
    async close(): Promise<void> {
      closing.abort();
      await done;
    },
  };
}

async function syncLanes(client: pg.Client, lanes: readonly Lane[]): Promise<void> {
  const positions = await readCheckpoints(client, lanes.map(placeOf));
  for (const [index, lane] of lanes.entries()) lane.position = positions[index] ?? null;
}

/**
 * How far events that are through bring the lanes: all of them, because those that had none have none up to
 * there. Else a start would read again all that the others have had since the quietest one's last event.
 */
function movesIn(lanes: readonly Lane[], through: readonly StoredEvent[]) {
  const to = through.at(-1)?.position;
  if (to === undefined) return [];
  return lanes
    .filter(({ position }) => position === null || position < to)
    .map((lane) => ({ lane, place: placeOf(lane), from: lane.position, to }));
}

const placeOf = ({ name, prefix }: Lane) => ({ consumer: name, partition: prefix });

const laneOf = (lanes: readonly Lane[], { stream }: StoredEvent): Lane | undefined =>
  lanes.find(({ prefix }) => stream.startsWith(prefix));
