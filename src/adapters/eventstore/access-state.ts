import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import type { Recorded } from '../../domain/events.ts';
import type { Role } from '../../domain/member/events.ts';
import type { AccessRows } from '../postgres/index-rows.ts';
import type { KeyOwner } from './access.ts';
import type { MemberDecisions } from './access-decisions.ts';
import { accessDecisions } from './access-decisions.ts';
import { accessKeys } from './access-keys.ts';

export interface IndexedMember extends MemberDecisions {
  readonly status: 'unverified' | 'active' | 'superseded';
  readonly roles: readonly Role[];
  readonly walletId: string;
  readonly emailHash: string;
  readonly sealed: string;
}

/** The access index's memory. */
export interface AccessState {
  fill(rows: AccessRows): void;
  /**
   * Events of a stream may come twice, and this process's own before others' older ones: every
   * change here is one that no repetition and no order can undo.
   */
  apply(event: Recorded): void;
  /** All that a stream has. */
  take(stream: readonly Recorded[]): void;
  key(hash: string): KeyOwner | 'revoked' | undefined;
  /** Undefined also for a member of whom only later events than the registration are known. */
  member(memberId: string): IndexedMember | undefined;
  sessionEnded(sessionId: string): boolean;
}

/** A member's way is through these in this order, with gaps but never back. */
const statuses = ['unverified', 'superseded', 'active'] as const;

interface Known {
  status: IndexedMember['status'];
  roles: readonly Role[];
  registration: Pick<IndexedMember, 'walletId' | 'emailHash' | 'sealed'> | undefined;
  /** What is asked for with every call, made once for every change. */
  shown: IndexedMember | undefined;
}

const newcomer: Omit<Known, 'shown'> = {
  status: 'unverified',
  roles: [],
  registration: undefined,
};

export function accessState(
  scenarios: Pick<ScenarioNames, 'write'>,
  mostRevoked: number,
): AccessState {
  const keys = accessKeys(mostRevoked);
  const members = new Map<string, Known>();
  const decided = accessDecisions(scenarios);
  const ended = endedSessions();

  const change = (memberId: string, changes: Partial<Omit<Known, 'shown'>>) => {
    const before = members.get(memberId) ?? newcomer;
    const status = furthest(before.status, changes.status ?? 'unverified');
    const roles = [...new Set([...before.roles, ...(changes.roles ?? [])])];
    const registration = changes.registration ?? before.registration;
    const shown = registration && { ...registration, status, roles, ...decided.of(memberId) };
    members.set(memberId, { status, roles, registration, shown });
  };

  const apply = (event: Recorded, isWhole = false) => {
    switch (event.type) {
      case 'ApiKeyClaimed':
      case 'ApiKeyPermitted':
      case 'ApiKeyRevoked':
        keys.apply(event, isWhole);
        return;
      case 'MemberRegistered': {
        const { memberId, ...registration } = event.data;
        change(memberId, { registration });
        return;
      }
      case 'EmailVerified':
        change(event.data.memberId, { status: 'active' });
        return;
      case 'RegistrationSuperseded':
        change(event.data.memberId, { status: 'superseded' });
        return;
      case 'RoleGranted':
        change(event.data.memberId, { roles: [event.data.role] });
        return;
      case 'LoggedOut':
        ended.at(event.data.sessionId, Date.parse(event.meta.recordedAt));
        return;
      default: {
        const memberId = decided.apply(event);
        if (memberId !== undefined) change(memberId, {});
      }
    }
  };

  return {
    fill(rows) {
      keys.fill(rows);
      decided.fill(rows);
      for (const row of rows.members) {
        const { member_id, status, roles, wallet_id, email_hash, sealed } = row;
        const registration = { walletId: wallet_id, emailHash: email_hash, sealed };
        change(member_id, { status, roles, registration });
      }
      for (const { session_id } of rows.endedSessions) ended.before(session_id);
    },
    apply: (event) => apply(event),
    take(stream) {
      for (const event of stream) apply(event, true);
    },
    key: keys.of,
    member: (memberId) => members.get(memberId)?.shown,
    sessionEnded: ended.has,
  };
}

/** Longer than any session lives. */
const endedMs = 7 * 24 * 60 * 60 * 1000;

/** Sessions that were signed out, as long as somebody may still have their tokens. */
function endedSessions() {
  const endedBefore = new Set<string>();
  const ended = new Map<string, number>();
  return {
    before: (sessionId: string) => void endedBefore.add(sessionId),
    at(sessionId: string, atMs: number): void {
      ended.set(sessionId, atMs);
      for (const [oldest, at] of ended) {
        if (at > atMs - endedMs) break;
        ended.delete(oldest);
      }
    },
    has: (sessionId: string) => ended.has(sessionId) || endedBefore.has(sessionId),
  };
}

const furthest = (a: Known['status'], b: Known['status']): Known['status'] =>
  statuses.indexOf(a) < statuses.indexOf(b) ? b : a;
