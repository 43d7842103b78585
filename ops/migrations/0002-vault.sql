-- What must never be rebuilt or lost: the keys that members' personal data is sealed under, and the
-- program's own secrets. Everything in here is sealed by the master key.
CREATE SCHEMA vault;

-- An erased member's row stays as a tombstone, so that a missing row is always an alarm.
CREATE TABLE vault.member_keys (
  member_id uuid PRIMARY KEY,
  wrapped text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  erased_at timestamptz,
  CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);

CREATE TABLE vault.secrets (
  name text PRIMARY KEY,
  sealed text NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
