import type { Access } from '../../src/api/auth.ts';
import type { Recorded } from '../../src/domain/events.ts';
import { decode } from '../../src/domain/events.ts';
import type { Role } from '../../src/domain/member/events.ts';
import type { MemoryLog } from './memory-log.ts';

/** The access index's answers, found by looking through the whole log each time. */
export function accessOver({ events }: MemoryLog): Access {
  const all = () => events.map(decode);
  return {
    keyOf: (hash) => keyIn(all().filter(({ stream }) => stream === `apikey-${hash}`)),
    member(memberId) {
      return memberIn(all().filter(({ stream }) => stream === `member-${memberId}`));
    },
    sessionEnded: (sessionId) =>
      all().some(({ type, data }) => type === 'LoggedOut' && data.sessionId === sessionId),
  };
}

function keyIn(events: readonly Recorded[]): Awaited<ReturnType<Access['keyOf']>> {
  if (events.some(({ type }) => type === 'ApiKeyRevoked')) return 'revoked';
  const claimed = events.find((event) => event.type === 'ApiKeyClaimed');
  if (!claimed) return 'unknown';
  const permitted = events.findLast((event) => event.type === 'ApiKeyPermitted');
  return permitted ? { ...claimed.data, permits: permitted.data.permits } : claimed.data;
}

function memberIn(events: readonly Recorded[]): Awaited<ReturnType<Access['member']>> {
  const registered = events.find((event) => event.type === 'MemberRegistered');
  if (!registered) return undefined;
  const has = (type: Recorded['type']) => events.some((event) => event.type === type);
  const roles = events.flatMap((event): Role[] =>
    event.type === 'RoleGranted' ? [event.data.role] : [],
  );
  const status = has('EmailVerified')
    ? 'active'
    : has('RegistrationSuperseded')
      ? 'superseded'
      : 'unverified';
  const plan = events.findLast((event) => event.type === 'PlanAssigned')?.data.plan ?? null;
  const app = events.findLast((event) => event.type === 'ClientAppJoined')?.data.clientApp ?? null;
  const shut = events.findLast(({ type }) => type === 'MemberDisabled' || type === 'MemberEnabled');
  const disabled = shut?.type === 'MemberDisabled';
  return { ...registered.data, status, roles, plan, clientApp: app, disabled };
}
