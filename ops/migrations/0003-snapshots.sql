-- Folds of long streams as they were once: a cache, of which any row may be deleted at any time.
CREATE TABLE feed.snapshots (
  -- The first of the streams that continue each other.
  first_stream text PRIMARY KEY,
  stream text NOT NULL,
  -- The last event that the state includes.
  revision bigint NOT NULL,
  event_id uuid NOT NULL,
  recorded_at text NOT NULL,
  format integer NOT NULL,
  -- Not jsonb: it is never looked into here, and the order of its keys is kept.
  state json NOT NULL
) WITH (fillfactor = 50);
