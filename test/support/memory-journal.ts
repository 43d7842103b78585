import type { CallNote, Journal, OpenCall, Testimony } from '../../src/adapters/llm/journal.ts';

export interface MemoryJournal extends Journal, Testimony {
  /** What is noted now, by call. */
  readonly notes: ReadonlyMap<string, CallNote>;
  /** Every note that was asked for, in order. */
  readonly asked: readonly CallNote[];
  /** While set, nothing can be written. */
  away: boolean;
}

/** The journal's rules without a database. */
export function memoryJournal(): MemoryJournal {
  const notes = new Map<string, CallNote>();
  const taken = new Set<string>();
  const asked: CallNote[] = [];
  const journal: MemoryJournal = {
    notes,
    asked,
    away: false,
    async note(note) {
      asked.push(note);
      await Promise.resolve();
      if (journal.away) throw new Error('The journal is away.');
      if (taken.has(note.callId)) return 'taken';
      notes.set(note.callId, note);
      return 'noted';
    },
    forget(callId) {
      notes.delete(callId);
    },
    take(calls: readonly OpenCall[]) {
      for (const { callId } of calls) taken.add(callId);
      const known = calls.flatMap(({ callId }) => notes.get(callId) ?? []);
      return Promise.resolve(new Map(known.map((note) => [note.callId, note])));
    },
    resolved: () => Promise.resolve(),
  };
  return journal;
}
