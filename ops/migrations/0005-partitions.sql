-- A read model is fed partition by partition, as Kafka deals events out; the direct feed moves them all.
CREATE TABLE feed.positions (
  -- The schema of a read model's tables, or the name of whoever else reads the log.
  consumer text NOT NULL,
  partition text NOT NULL,
  -- Every event of the partition up to here is in the tables; null: none yet.
  position bigint,
  PRIMARY KEY (consumer, partition)
) WITH (fillfactor = 40);

-- Whoever still moves one there is waited for, so that none is copied before its rows are known.
LOCK TABLE feed.checkpoints IN ACCESS EXCLUSIVE MODE;
INSERT INTO feed.positions
SELECT projection, partition, position FROM feed.checkpoints WHERE projection = 'policies';
INSERT INTO feed.positions
SELECT projection || '_v' || version, n::text, position
FROM feed.checkpoints, generate_series(0, 11) AS n WHERE projection <> 'policies';
DROP TABLE feed.checkpoints;

-- Every set of tables that holds a read model, by the release that made it or by a rebuild.
CREATE TABLE feed.builds (
  schema text PRIMARY KEY,
  projection text NOT NULL,
  version integer NOT NULL,
  -- filling: by a rebuild alone; shown: what readers see; kept: was shown, and is still fed;
  -- canary: filled to be compared, and dropped again.
  state text NOT NULL CHECK (state IN ('filling', 'shown', 'kept', 'canary')),
  made_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  -- What a comparison with the build shown before found; null: nothing was compared.
  report jsonb,
  -- Why somebody wants it shown although it differs.
  accepted text
);
CREATE UNIQUE INDEX one_build_is_shown ON feed.builds (projection) WHERE state = 'shown';

INSERT INTO feed.builds (schema, projection, version, state)
SELECT obj_description(oid, 'pg_class'), relname,
       substring(obj_description(oid, 'pg_class') FROM '_v(\d+)$')::int, 'shown'
FROM pg_class WHERE relnamespace = 'read'::regnamespace AND relkind = 'v';

-- Events that a person let a build leave out, each said by an event of its own.
CREATE TABLE feed.skips (
  schema text NOT NULL,
  position bigint NOT NULL,
  PRIMARY KEY (schema, position)
);

-- Where a build waits at an event that it can't take; in force while its position there is before it.
CREATE TABLE feed.stops (
  schema text NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  cause text NOT NULL,
  reason text NOT NULL,
  stopped_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (schema, partition)
);

-- Where each consumer group goes on in each partition of the topic.
CREATE TABLE feed.offsets (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  -- The highest that was seen there; records of a lower one come from a relay that was replaced.
  epoch bigint NOT NULL,
  PRIMARY KEY (consumer_group, topic, partition)
) WITH (fillfactor = 50);

-- Who relays the log to Kafka, and how far.
CREATE TABLE feed.relay (
  topic text PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 0,
  position bigint,
  -- The position of the last record in each partition; null: none.
  tails bigint[] NOT NULL DEFAULT array_fill(NULL::bigint, ARRAY[12])
) WITH (fillfactor = 50);
