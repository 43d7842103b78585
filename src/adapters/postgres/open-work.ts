import type { DatabasePool } from 'slonik';
import { openHoldsByAge } from '../../projections/open-holds.ts';
import type { CallJournal } from './journal.ts';

/** What is under way, or should be, as Postgres shows it. */
export interface OpenWork {
  /** Open holds by how old they are at most. */
  readonly holds: Readonly<Record<string, number>>;
  readonly journalRows: number;
}

const everyMs = 10_000;

/** Looks at it now and then, so that who asks for metrics never waits for Postgres. */
export function openWork({
  pool,
  journal,
}: {
  readonly pool: DatabasePool;
  readonly journal: Pick<CallJournal, 'rows'>;
}) {
  let seen: OpenWork | undefined;
  async function look(): Promise<void> {
    const [rows, journalRows] = await Promise.all([pool.any(openHoldsByAge()), journal.rows()]);
    const none = { '10s': 0, '1m': 0, '10m': 0, older: 0 };
    seen = {
      holds: { ...none, ...Object.fromEntries(rows.map(({ age, holds }) => [age, holds])) },
      journalRows,
    };
  }
  const missed = () => {
    seen = undefined;
  };
  const timer = setInterval(() => void look().catch(missed), everyMs);
  timer.unref();
  return {
    look,
    /** Undefined while Postgres does not say. */
    now: () => seen,
    close: () => clearInterval(timer),
  };
}
