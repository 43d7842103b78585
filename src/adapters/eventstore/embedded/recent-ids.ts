import type { PlaceOfId } from './decide.ts';

/** Remembers where the newest event ids stand, in a bounded map. */
export interface RecentIds {
  readonly placeOf: PlaceOfId;
  add(place: { stream: string; id: string; revision: number; position: number }): void;
  clear(): void;
}

export function recentIds(capacity = 65_536): RecentIds {
  const places = new Map<string, { stream: string; revision: number; position: number }>();
  return {
    placeOf(stream, id) {
      const place = places.get(id);
      return place?.stream === stream ? place : undefined;
    },
    add({ id, ...place }) {
      places.set(id, place);
      if (places.size <= capacity) return;
      for (const oldest of places.keys()) {
        places.delete(oldest);
        return;
      }
    },
    clear: () => places.clear(),
  };
}
