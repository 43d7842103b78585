import type { WriteCommand } from './batch.ts';
import type { StoredId } from './decide.ts';
import { pastRevision } from './decide.ts';
import type { RecentIds } from './recent-ids.ts';
import type { StreamState } from './stream-states.ts';

/** The ids a stream holds where an append with a past expected revision would have written. */
export interface StoredIds {
  /** Undefined: they have to be loaded first. */
  of(command: WriteCommand, state: StreamState): readonly StoredId[] | undefined;
  load(command: WriteCommand, state: StreamState): Promise<void>;
}

const none: readonly StoredId[] = [];
const noId: StoredId = { id: '', position: -1 };

/** From memory where they are recent (they may not even be durable yet), otherwise from the table. */
export function storedIds(
  idsOf: (stream: string, from: number, to: number) => Promise<StoredId[]>,
  recent: RecentIds,
): StoredIds {
  const loaded = new WeakMap<WriteCommand, readonly StoredId[]>();

  const recentAt = (stream: string, id: string, revision: number): StoredId | undefined => {
    const place = recent.placeOf(stream, id);
    return place?.revision === revision ? { id, position: place.position } : undefined;
  };

  return {
    of(command, state) {
      const after = command.type === 'append' ? pastRevision(state, command) : undefined;
      if (command.type === 'delete' || after === undefined) return none;
      const { stream, events } = command;
      const fromTable = loaded.get(command);
      const ids = events.map(({ id }, i) => recentAt(stream, id, after + 1 + i) ?? fromTable?.[i]);
      if (fromTable === undefined && ids.includes(undefined)) return undefined;
      return ids.map((id) => id ?? noId);
    },
    async load(command, state) {
      if (command.type === 'delete') return;
      const after = pastRevision(state, command) ?? -1;
      const { stream, events } = command;
      loaded.set(command, await idsOf(stream, after + 1, after + events.length));
    },
  };
}
