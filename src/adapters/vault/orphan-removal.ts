import type { Logger } from 'pino';
import { scheduled } from '../postgres/scheduled.ts';

export interface OrphanRemovalParts {
  readonly name: string;
  /** When to look, as cron writes it, with seconds in front. */
  readonly when: string;
  /** What nothing in the log knows, by a name that is always the same. */
  readonly find: () => Promise<readonly string[]>;
  readonly remove: (orphan: string) => Promise<unknown>;
  readonly log: Logger;
}

/**
 * Removes from the vault what came to nothing. An append that the log has not answered yet is sent
 * again when it does, so a thing goes only when a second look, after the log has answered for a
 * while, finds nothing either.
 */
export function orphanRemoval({ name, when, find, remove: removeOne, log }: OrphanRemovalParts) {
  let suspects: ReadonlySet<string> = new Set();
  let running: Promise<number> | undefined;
  let stop = () => {};

  async function removeOnce(): Promise<number> {
    const found = await find();
    const due = found.filter((orphan) => suspects.has(orphan));
    suspects = new Set(found);
    for (const orphan of due) await removeOne(orphan);
    if (due.length > 0) log.info({ removed: due.length }, `${name} were removed`);
    return due.length;
  }

  const remove = () => {
    running ??= removeOnce().finally(() => (running = undefined));
    return running;
  };
  return {
    /** Removes what this and the look before it found; returns how many that were. */
    remove,
    /** Looks on time until it is closed. */
    start() {
      stop = scheduled({ name, when, work: remove, log });
    },
    async close(): Promise<void> {
      stop();
      await running?.catch(() => {});
    },
  };
}
