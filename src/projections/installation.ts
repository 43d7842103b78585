import { z } from 'zod';
import { Uuid } from '../domain/ids.ts';
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
    SELECT to_regclass('feed.checkpoints') IS NOT NULL
           AND to_regclass('vault.member_keys') IS NOT NULL
           AND to_regclass('read.members') IS NOT NULL AS prepared`;

const CheckpointRow = z.object({
  projection: z.string(),
  version: z.int(),
  partition: z.string(),
  position: z.string().nullable(),
});

/** Where every consumer of the log stands. */
export const checkpoints = () =>
  query(CheckpointRow)`
    SELECT projection, version, partition, position::text AS position FROM feed.checkpoints
    ORDER BY projection, version, partition`;

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
