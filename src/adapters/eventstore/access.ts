import type { Logger } from 'pino';
import type { KeyPermits } from '../../domain/api-key/events.ts';
import { apiKeyEvents } from '../../domain/api-key/events.ts';
import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import type { Recorded } from '../../domain/events.ts';
import { memberEvents } from '../../domain/member/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { AccessRows } from '../postgres/index-rows.ts';
import type { IndexedMember } from './access-state.ts';
import { accessState } from './access-state.ts';
import { decoder } from './fold.ts';
import type { IndexFollower } from './index-follower.ts';
import { followIndex } from './index-follower.ts';
import type { Log } from './log.ts';
import { remembered } from './remembered.ts';

export interface AccessParts {
  readonly log: Pick<Log, 'head' | 'read' | 'subscribe'>;
  readonly logger: Logger;
  readonly rows: () => Promise<AccessRows>;
  /** Is told those that plans permit; what keys permit is their members' word. */
  readonly scenarios: Pick<ScenarioNames, 'write'>;
  readonly staleMs?: number;
  /** How long a key that doesn't exist is not looked for again. */
  readonly unknownMs?: number;
  /** So many revoked keys are remembered; others are found in their own streams. */
  readonly mostRevoked?: number;
}

/** Whose key it is. */
export interface KeyOwner {
  readonly keyId: string;
  readonly memberId: string;
  readonly walletId: string;
  readonly name: string;
  /** Absent: everything. */
  readonly permits?: KeyPermits;
}

/** Who may come in, in memory, at the log's end. */
export interface AccessIndex extends IndexFollower {
  /** By the SHA-256 of the key, in hex. */
  keyOf(hash: string): Promise<KeyOwner | 'revoked' | 'unknown'>;
  member(memberId: string): Promise<IndexedMember | undefined>;
  sessionEnded(sessionId: string): boolean;
  /** What this process has written itself need not come back from the log first. */
  apply(events: readonly Recorded[]): void;
}

const decodeOurs = decoder({ events: { ...apiKeyEvents, ...memberEvents } });

export function accessIndex({ scenarios, ...parts }: AccessParts): AccessIndex {
  const { log, unknownMs = 2_000, mostRevoked = 10_000 } = parts;
  const state = accessState(scenarios, mostRevoked);
  const follower = followIndex({
    ...parts,
    name: 'the access index',
    prefixes: [streamOf.apiKey(''), streamOf.member('')],
    fill: state.fill,
    apply: state.apply,
  });
  /** A key may be newer than what has been heard of the log, so its own stream has the last word. */
  const readStream = async (stream: string) => {
    const events = await Array.fromAsync(log.read(stream));
    state.take(events.map(decodeOurs));
  };
  const lookFor = remembered(readStream, { forMs: unknownMs, most: 10_000 });

  return {
    ...follower,
    async keyOf(hash) {
      const known = state.key(hash);
      if (known) return known;
      await lookFor(streamOf.apiKey(hash));
      return state.key(hash) ?? 'unknown';
    },
    async member(memberId) {
      const known = state.member(memberId);
      if (known) return known;
      await lookFor(streamOf.member(memberId));
      return state.member(memberId);
    },
    sessionEnded: state.sessionEnded,
    apply(events) {
      for (const event of events) state.apply(event);
    },
  };
}
