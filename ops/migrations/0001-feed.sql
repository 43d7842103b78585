-- How far each consumer of the log has come, and which processes are alive.
CREATE SCHEMA IF NOT EXISTS feed;

CREATE TABLE feed.checkpoints (
  projection text NOT NULL,
  version integer NOT NULL,
  partition text NOT NULL DEFAULT '',
  -- The last event that is in the tables; null: none yet.
  position bigint,
  PRIMARY KEY (projection, version, partition)
) WITH (fillfactor = 50);

-- Lapsed ones stay for a day: that a process is gone is then written down, not inferred.
CREATE TABLE feed.leases (
  process_id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- What readers see: one view per read model, whichever version stands behind it.
CREATE SCHEMA IF NOT EXISTS read;
