-- What is known of calls in flight, for whoever must end one whose process is gone. A call has a row
-- only when it needs one: it failed over, or it takes long, or the log didn't answer at its end.
CREATE SCHEMA journal;

CREATE TABLE journal.calls (
  call_id uuid PRIMARY KEY,
  wallet_id uuid NOT NULL,
  -- The process that must end the call; when its lease has lapsed the sweeper does.
  process_id uuid NOT NULL,
  request_id text NOT NULL,
  began_at timestamptz NOT NULL,
  -- Every upstream that was asked, in order: each may charge us.
  asked jsonb NOT NULL DEFAULT '[]',
  -- What was consumed, and how that is known.
  counted jsonb,
  -- How the call would end as things are.
  ending jsonb,
  -- From then on the call itself adds nothing: somebody ends it by what stands here.
  taken_at timestamptz,
  -- The log has the end. The row stays for as long as a call may outlive its hold.
  resolved_at timestamptz
) WITH (fillfactor = 70);

CREATE INDEX calls_unresolved ON journal.calls (process_id) WHERE resolved_at IS NULL;
CREATE INDEX calls_resolved ON journal.calls (resolved_at) WHERE resolved_at IS NOT NULL;
