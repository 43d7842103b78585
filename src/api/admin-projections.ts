import { z } from 'zod';
import type { Behind } from '../adapters/eventstore/behind.ts';
import type { BuildRow } from '../projections/installation.ts';
import { builds, stops } from '../projections/installation.ts';
import type { Projection } from '../projections/projection.ts';
import type { Reads } from './reads.ts';
import { route } from './route.ts';

/**
 * `live`: holds the log, or is about to; `failing`: whoever feeds it gets nowhere; `stopped`: waits at
 * an event; `filling`: nobody reads it yet.
 */
const State = z.enum([
  ...['live', 'behind', 'failing', 'stopped', 'filling', 'differs', 'kept', 'canary'],
] as const);

const Stop = z.object({
  partition: z.int(),
  position: z.string(),
  cause: z.enum(['newer_version', 'poison']),
  reason: z.string(),
  stopped_at: z.string(),
});

const Row = z.object({
  projection: z.string(),
  group: z.enum(['finance', 'analytics']),
  version: z.int(),
  schema: z.string(),
  state: State,
  position: z.string().nullable(),
  /** Why whoever feeds it in the process that answers gets nowhere. */
  failing: z.string().nullable(),
  lag: z.object({ events: z.int(), more: z.boolean(), seconds: z.number() }),
  last_error: z.string().nullable(),
  stops: z.array(Stop),
  /** Of a rebuild, in hundredths of what there was when this was asked. */
  percent: z.number().nullable(),
  /** What a comparison with the build that is shown found. */
  report: z.unknown(),
  made_at: z.string(),
});

export interface ProjectionParts {
  readonly reads: Reads;
  readonly projections: readonly Projection[];
  readonly head: () => Promise<bigint | null>;
  readonly behind: (after: bigint | null) => Promise<Behind>;
  /** Why whoever feeds them in this process gets nowhere; null: it does, or another process feeds them. */
  readonly failing: () => string | null;
}

const muchBehindSeconds = 10;
const beingFilled: readonly string[] = ['filling', 'canary'];

/** Where every build of every read model stands. */
export const listProjections = ({ reads, projections, head, behind, failing }: ProjectionParts) =>
  route({
    method: 'GET',
    path: '/api/admin/projections',
    who: 'admin',
    summary: 'Where the read models stand: version, position, lag, what they wait at',
    reply: z.object({ data: z.array(Row), log_position: z.string().nullable() }),
    handle: async () => {
      const end = await head();
      const why = failing();
      const waiting = await reads.any(stops());
      const known = await reads.any(builds());
      const lags = new Map<string | null, Promise<Behind>>();
      const lagOf = (position: string | null) => {
        const found = lags.get(position) ?? behind(position === null ? null : BigInt(position));
        lags.set(position, found);
        return found;
      };
      const data = await Promise.all(
        known.map(async (build) => {
          const { events, isMore, seconds } = await lagOf(build.position);
          const mine = waiting.filter(({ schema }) => schema === build.schema);
          const { projection, version, schema, position, report, made_at } = build;
          return {
            ...{ projection, version, schema, position, report: report ?? null, made_at },
            group: projections.find(({ name }) => name === projection)?.group ?? 'analytics',
            state: stateOf(build, { isStopped: mine.length > 0, isFailing: why !== null, seconds }),
            failing: isFed(build) ? why : null,
            lag: { events, more: isMore, seconds },
            last_error: mine[0]?.reason ?? null,
            stops: mine.map(({ schema: _, ...stop }) => stop),
            percent: beingFilled.includes(build.state) ? percentOf(position, end) : null,
          };
        }),
      );
      return { body: { data, log_position: end?.toString() ?? null } };
    },
  });

const isFed = ({ state }: BuildRow): boolean => state === 'shown' || state === 'kept';

interface Feeding {
  readonly isStopped: boolean;
  readonly isFailing: boolean;
  readonly seconds: number;
}

function stateOf(
  build: BuildRow,
  { isStopped, isFailing, seconds }: Feeding,
): z.infer<typeof State> {
  if (isStopped) return 'stopped';
  if (build.state === 'filling') return build.report === null ? 'filling' : 'differs';
  if (build.state !== 'shown') return build.state;
  if (isFailing) return 'failing';
  return seconds > muchBehindSeconds ? 'behind' : 'live';
}

function percentOf(position: string | null, end: bigint | null): number {
  if (end === null || end <= 0n) return 100;
  return Math.min(100, Number(((BigInt(position ?? '0') * 10_000n) / end).toString()) / 100);
}
