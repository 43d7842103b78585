import { z } from 'zod';
import { Instant, Uuid } from '../domain/ids.ts';
import { query } from './query.ts';

const ServerRow = z.object({ version: z.string(), ms: z.string() });

/** The server's version and its clock, in milliseconds since 1970. */
export const server = () =>
  query(ServerRow)`
    SELECT current_setting('server_version') AS version,
           floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS ms`;

const PreparedRow = z.object({ prepared: z.boolean() });

/** Whether a program was ever started on this database. */
export const isPrepared = () =>
  query(PreparedRow)`
    SELECT to_regclass('feed.positions') IS NOT NULL
           AND to_regclass('vault.member_keys') IS NOT NULL
           AND to_regclass('read.members') IS NOT NULL AS prepared`;

const PolicyRow = z.object({ prefix: z.string(), position: z.string().nullable() });

/** Up to where events of each kind of stream were acted on. */
export const policyPositions = () =>
  query(PolicyRow)`
    SELECT partition AS prefix, position::text AS position FROM feed.positions
    WHERE consumer = 'policies' ORDER BY partition`;

const BuildRow = z.object({
  schema: z.string(),
  projection: z.string(),
  version: z.int(),
  state: z.enum(['filling', 'shown', 'kept', 'canary']),
  made_at: Instant,
  /** Null: not every partition holds even one event. */
  position: z.string().nullable(),
  report: z.unknown(),
});
export type BuildRow = z.infer<typeof BuildRow>;

/** Every build of every read model, and up to where its tables hold the log. */
export const builds = () =>
  query(BuildRow)`
    SELECT b.schema, b.projection, b.version, b.state, b.made_at, b.report,
           CASE WHEN count(p.position) = count(*) THEN min(p.position)::text END AS position
    FROM feed.builds AS b JOIN feed.positions AS p ON p.consumer = b.schema
    GROUP BY b.schema ORDER BY b.projection, b.made_at, b.schema`;

const StopRow = z.object({
  schema: z.string(),
  partition: z.int(),
  position: z.string(),
  cause: z.enum(['newer_version', 'poison']),
  reason: z.string(),
  stopped_at: Instant,
});

/** The events that builds wait at. */
export const stops = () =>
  query(StopRow)`
    SELECT s.schema, s.partition, s.position::text AS position, s.cause, s.reason, s.stopped_at
    FROM feed.stops AS s
    JOIN feed.positions AS p ON p.consumer = s.schema AND p.partition = s.partition::text
    WHERE p.position IS NULL OR p.position < s.position ORDER BY s.schema, s.partition`;

const LeaseRow = z.object({ process_id: Uuid, live: z.boolean() });

/** The processes that lived within the last day. */
export const leases = () =>
  query(LeaseRow)`
    SELECT process_id::text AS process_id, expires_at > clock_timestamp() AS live
    FROM feed.leases ORDER BY started_at`;

const HoldsRow = z.object({
  held: z.int(),
  abandoned: z.int(),
  oldest: z.int(),
  oldest_abandoned: z.int(),
});

/** Open holds, those of processes that are gone, and the ages of the oldest in seconds. */
export const openHoldAges = () =>
  query(HoldsRow)`
    SELECT count(*)::int AS held,
           (count(*) FILTER (WHERE gone))::int AS abandoned,
           coalesce(floor(max(age)), 0)::int AS oldest,
           coalesce(floor(max(age) FILTER (WHERE gone)), 0)::int AS oldest_abandoned
    FROM (
      SELECT extract(epoch FROM clock_timestamp() - h.at) AS age,
             (l.expires_at IS NULL OR l.expires_at < clock_timestamp()) AS gone
      FROM read.open_holds AS h LEFT JOIN feed.leases AS l USING (process_id)
      WHERE h.open) AS holds`;
