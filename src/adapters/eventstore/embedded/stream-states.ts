import type { StoredHead } from './log-reader.ts';
import { deletedRevision } from './recorded-event.ts';
import type { RawMetadata, StreamLimits } from './stream-metadata.ts';
import { limitsOf, metastreamOf, originalOf, parseMetadata } from './stream-metadata.ts';

/** What deciding an append to a stream, or to its metadata stream, needs. The writer alone changes it. */
export interface StreamState {
  readonly stream: string;
  /** -1 while the stream has no events. */
  revision: number;
  tombstoned: boolean;
  metaRevision: number;
  metadata: RawMetadata;
  limits: StreamLimits;
  /** The newest batch that wrote here; the state is durable once that batch is. */
  batch: number;
}

export interface StreamStates {
  /** The state of a stream, or of the stream a metadata stream belongs to. */
  get(stream: string): StreamState | undefined;
  /** Loads what is missing; another load of the same stream is joined, not repeated. */
  load(streams: Iterable<string>): Promise<void>;
  /** Throws everything away, after a failed transaction. */
  clear(): void;
}

/** A bounded cache, least recently used first out; states with undecided writes stay. */
export function streamStates(
  heads: (streams: readonly string[]) => Promise<StoredHead[]>,
  durableBatch: () => number,
  capacity = 50_000,
): StreamStates {
  const states = new Map<string, StreamState>();
  let loading = new Map<string, Promise<void>>();

  const evict = () => {
    for (const [name, state] of states) {
      if (states.size <= capacity || state.batch > durableBatch()) return;
      states.delete(name);
    }
  };

  const fetch = async (names: readonly string[], mine: Map<string, Promise<void>>) => {
    try {
      for (const head of await heads(names)) {
        if (mine === loading) states.set(head.stream, fromHead(head));
      }
    } finally {
      for (const name of names) mine.delete(name);
    }
    evict();
  };

  return {
    get(stream) {
      const name = originalOf(stream);
      const state = states.get(name);
      if (state === undefined) return undefined;
      states.delete(name);
      states.set(name, state);
      return state;
    },
    async load(streams) {
      const names = new Set([...streams].map(originalOf));
      const missing = [...names].filter((name) => !states.has(name) && !loading.has(name));
      if (missing.length > 0) {
        const load = fetch(missing, loading);
        for (const name of missing) loading.set(name, load);
      }
      await Promise.all([...names].map((name) => loading.get(name)));
    },
    clear() {
      states.clear();
      loading = new Map();
    },
  };
}

function fromHead({ stream, revision, metaRevision, metadata }: StoredHead): StreamState {
  const tombstoned = revision === deletedRevision;
  const raw = metadata === null ? {} : parseMetadata(metadata);
  return {
    stream,
    revision: revision === null || tombstoned ? -1 : Number(revision),
    tombstoned,
    metaRevision: metaRevision === null ? -1 : Number(metaRevision),
    metadata: raw,
    limits: limitsOf(raw),
    batch: 0,
  };
}

/** The last revision of a stream itself, be it a metadata stream. */
export const revisionOf = (state: StreamState, stream: string): number =>
  stream === state.stream ? state.revision : state.metaRevision;

export const metastreamOfState = (state: StreamState): string => metastreamOf(state.stream);
