import type { Logger } from 'pino';
import type { Recorded } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { UpstreamTerms } from '../../domain/upstream/events.ts';
import type { UpstreamRows } from '../postgres/index-rows.ts';
import type { IndexFollower } from './index-follower.ts';
import { followIndex } from './index-follower.ts';
import type { Log } from './log.ts';
import { isAfter } from './stream-history.ts';

export interface UpstreamIndexParts {
  readonly log: Pick<Log, 'head' | 'subscribe'>;
  readonly logger: Logger;
  readonly rows: () => Promise<UpstreamRows>;
  /** Is told the newest terms of each upstream, and never older ones after them; undefined: it was removed. */
  readonly changed: (id: string, terms: UpstreamTerms | undefined) => void;
  readonly staleMs?: number;
}

/** Follows what administrators say of upstreams, at the log's end. */
export interface UpstreamIndex extends IndexFollower {
  /** What this process has written itself need not come back from the log first. */
  apply(events: readonly Recorded[]): void;
}

export function upstreamIndex(parts: UpstreamIndexParts): UpstreamIndex {
  /** The revision that was told last; null: a row, which anything from the log outdoes. */
  const told = new Map<string, bigint | null>();

  const tell = (id: string, terms: UpstreamTerms | undefined, revision: bigint | null) => {
    const before = told.get(id);
    if (before !== undefined && !isAfter(revision, before)) return;
    told.set(id, revision);
    parts.changed(id, terms);
  };
  const applyOne = (event: Recorded) => {
    switch (event.type) {
      case 'UpstreamChanged': {
        const { id, ...terms } = event.data;
        tell(id, terms, event.revision);
        return;
      }
      case 'UpstreamRemoved':
        tell(event.data.id, undefined, event.revision);
    }
  };
  const follower = followIndex({
    ...parts,
    name: 'the index of upstreams',
    prefixes: [streamOf.upstream('')],
    fill(rows) {
      for (const { id, terms } of rows.upstreams) tell(id, terms, null);
    },
    apply: applyOne,
  });
  return {
    ...follower,
    apply(events) {
      for (const event of events) applyOne(event);
    },
  };
}
