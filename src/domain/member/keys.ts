import type { KeyPermits } from '../api-key/events.ts';
import type { Instant } from '../ids.ts';
import { Rejection } from '../rejection.ts';
import type { MemberEvent } from './events.ts';

export type KeyCommand =
  | {
      readonly type: 'IssueApiKey';
      readonly keyId: string;
      /** SHA-256 of the key, in hex. */
      readonly hash: string;
      readonly walletId: string;
      readonly name: string;
      readonly prefix: string;
      readonly permits: KeyPermits;
      /** So many may be good at once. */
      readonly most: number;
      readonly at: Instant;
    }
  | { readonly type: 'EndApiKey'; readonly keyId: string };

/** A member's keys, as far as their number counts. */
export interface KeysHeld {
  /** Ids of those that are good. */
  readonly live: readonly string[];
  /** How many were made on the last day that any was, whatever became of them. */
  readonly made: { readonly day: string; readonly count: number };
}

export const noKeys: KeysHeld = { live: [], made: { day: '', count: 0 } };

/** So many keys a member may make in a UTC day, or as many as may be good at once where that is more. */
export const newKeysADay = 100;

/**
 * Decides on a member's own stream, so that of keys that are made at once none passes the limit. Those
 * that are revoked make room for others, and the day's number bounds what a member who makes and
 * revokes without end leaves in the log.
 */
export function decideKeys(
  command: KeyCommand,
  { live, made }: KeysHeld,
  memberId: string,
): readonly MemberEvent[] {
  const isLive = live.includes(command.keyId);
  if (command.type === 'EndApiKey') {
    return isLive ? [{ type: 'ApiKeyEnded', data: { memberId, keyId: command.keyId } }] : [];
  }
  if (isLive) return [];
  const { type: _, most, ...key } = command;
  if (live.length >= most) {
    throw new Rejection('too_many_api_keys', `At most ${most} keys may be good at once.`, {
      values: { most: `${most}` },
    });
  }
  const mostADay = Math.max(newKeysADay, most);
  if (made.day === dayOf(key.at) && made.count >= mostADay) {
    throw new Rejection('rate_limit_exceeded', `At most ${mostADay} keys are made a day.`, {
      retryAfterSeconds: Math.ceil((dayMs - (Date.parse(key.at) % dayMs)) / 1000),
      why: 'keys_a_day',
      values: { most: `${mostADay}` },
    });
  }
  return [{ type: 'ApiKeyIssued', data: { memberId, ...key } }];
}

const dayMs = 24 * 60 * 60 * 1000;
const dayOf = (at: Instant): string => at.slice(0, 10);

export function keyIssued({ live, made }: KeysHeld, keyId: string, at: Instant): KeysHeld {
  const day = dayOf(at);
  const count = made.day === day ? made.count + 1 : 1;
  return { live: [...live, keyId], made: { day, count } };
}

export const keyEnded = ({ live, made }: KeysHeld, keyId: string): KeysHeld => ({
  live: live.filter((id) => id !== keyId),
  made,
});
