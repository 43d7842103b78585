import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { CallNote, Journal } from '../llm/journal.ts';

export interface JournalWriterParts {
  /** Writes notes in one go and returns the calls whose were accepted. */
  readonly write: (notes: readonly CallNote[]) => Promise<ReadonlySet<string>>;
  readonly remove: (callIds: readonly string[]) => Promise<void>;
  readonly log: Logger;
}

type Noted = 'noted' | 'taken';

interface Pending {
  note: CallNote;
  readonly done: PromiseWithResolvers<Noted>;
}

/** Removing may wait: a row too many costs the sweeper a look. */
const removeEveryMs = 1_000;

/** Group commit: what comes while a statement is under way goes into the next one. */
export function journalWriter({ write, remove, log }: JournalWriterParts): Journal & {
  close(): Promise<void>;
} {
  const notes = noteQueue(write);
  const over = new Set<string>();
  const closing = new AbortController();
  let removing: Promise<void> | undefined;

  async function removeSome(): Promise<void> {
    const batch = [...over];
    over.clear();
    try {
      await remove(batch);
    } catch (error) {
      log.debug({ err: error }, 'notes of calls that ended stay in the journal for now');
      if (!closing.signal.aborted) for (const callId of batch) over.add(callId);
    }
  }

  async function removeAll(): Promise<void> {
    while (over.size > 0) {
      await pause(removeEveryMs, undefined, { signal: closing.signal, ref: false }).catch(() => {});
      await notes.written();
      await removeSome();
    }
  }

  return {
    note: notes.note,
    forget(callId) {
      over.add(callId);
      removing ??= removeAll().finally(() => (removing = undefined));
    },
    async close() {
      closing.abort();
      await removing;
      await notes.written();
    },
  };
}

/** Notes that wait for their turn; of one call only the last. */
function noteQueue(write: JournalWriterParts['write']) {
  let pending = new Map<string, Pending>();
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (pending.size > 0) {
      const batch = pending;
      pending = new Map();
      await writeSome(batch, write);
    }
  }

  return {
    note(note: CallNote): Promise<Noted> {
      const waiting = pending.get(note.callId);
      if (waiting) {
        waiting.note = note;
        return waiting.done.promise;
      }
      const done = Promise.withResolvers<Noted>();
      pending.set(note.callId, { note, done });
      writing ??= writeAll().finally(() => (writing = undefined));
      return done.promise;
    },
    written: async () => writing,
  };
}

async function writeSome(
  batch: ReadonlyMap<string, Pending>,
  write: JournalWriterParts['write'],
): Promise<void> {
  try {
    const accepted = await write([...batch.values()].map(({ note }) => note));
    for (const [callId, { done }] of batch) {
      done.resolve(accepted.has(callId) ? 'noted' : 'taken');
    }
  } catch (error) {
    for (const { done } of batch.values()) done.reject(error);
  }
}
