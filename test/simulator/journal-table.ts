import type { CallNote, OpenCall, Taken } from '../../src/adapters/llm/journal.ts';

interface Row {
  readonly call: OpenCall;
  readonly said: Taken | undefined;
  readonly isTaken: boolean;
  readonly isResolved: boolean;
}

/** The journal's table, with what its statements do. */
export interface JournalTable {
  /** Returns the calls whose notes were accepted. */
  write(notes: readonly CallNote[]): ReadonlySet<string>;
  remove(callIds: readonly string[]): void;
  take(calls: readonly OpenCall[]): ReadonlyMap<string, Taken>;
  resolved(callIds: readonly string[]): void;
  /** Calls that nobody has ended. */
  open(): readonly OpenCall[];
}

export function journalTable(): JournalTable {
  const rows = new Map<string, Row>();
  const change = (callId: string, more: Partial<Row>) => {
    const row = rows.get(callId);
    if (row) rows.set(callId, { ...row, ...more });
  };

  return {
    write(notes) {
      const accepted = notes.filter(({ callId }) => !rows.get(callId)?.isTaken);
      for (const note of accepted) {
        const call = rows.get(note.callId)?.call ?? note;
        rows.set(note.callId, { call, said: note, isTaken: false, isResolved: false });
      }
      return new Set(accepted.map(({ callId }) => callId));
    },
    remove(callIds) {
      for (const callId of callIds) rows.delete(callId);
    },
    take(calls) {
      for (const call of calls) {
        const row = rows.get(call.callId);
        if (row) change(call.callId, { isTaken: true });
        else {
          rows.set(call.callId, { call, said: undefined, isTaken: true, isResolved: false });
        }
      }
      return new Map(
        calls.flatMap(({ callId }): [string, Taken][] => {
          const said = rows.get(callId)?.said;
          return said ? [[callId, said]] : [];
        }),
      );
    },
    resolved(callIds) {
      for (const callId of callIds) change(callId, { isResolved: true });
    },
    open: () => [...rows.values()].filter(({ isResolved }) => !isResolved).map(({ call }) => call),
  };
}
