import type { Snapshot, Snapshots } from '../../src/adapters/eventstore/snapshots.ts';

export interface MemorySnapshots extends Snapshots {
  readonly kept: Map<string, Snapshot>;
}

export function memorySnapshots(): MemorySnapshots {
  const kept = new Map<string, Snapshot>();
  return {
    kept,
    load: (first) => Promise.resolve(kept.get(first) ?? null),
    save(first, snapshot) {
      kept.set(first, { ...snapshot, state: JSON.parse(JSON.stringify(snapshot.state)) });
      return Promise.resolve();
    },
  };
}
