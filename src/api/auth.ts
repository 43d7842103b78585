import { hash } from 'node:crypto';
import type { KeyPermits } from '../domain/api-key/events.ts';
import type { MemberPlan, Role } from '../domain/member/events.ts';
import type { Authenticate, KeyCaller, SessionCaller } from './caller.ts';
import { ApiError } from './errors.ts';
import type { SessionTokens } from './session-tokens.ts';

/** What a key gives access to. */
interface KeyAccess {
  readonly keyId: string;
  readonly memberId: string;
  readonly walletId: string;
  readonly permits?: KeyPermits;
}

interface MemberAccess {
  readonly status: 'unverified' | 'active' | 'superseded';
  readonly roles: readonly Role[];
  readonly walletId: string;
  readonly sealed: string;
  readonly disabled: boolean;
  readonly plan: MemberPlan | null;
  readonly clientApp: string | null;
}

type Now<Value> = Value | Promise<Value>;

/** What the access index knows, kept current by the log itself. */
export interface Access {
  keyOf(hash: string): Now<KeyAccess | 'revoked' | 'unknown'>;
  member(memberId: string): Now<MemberAccess | undefined>;
  sessionEnded(sessionId: string): boolean;
}

export const hashOfKeyText = (key: string): string => hash('sha256', key);

/** Who is behind an `Authorization` header, for each kind of route. */
export function authenticator(access: Access, tokens: Pick<SessionTokens, 'read'>): Authenticate {
  const session = async (authorization: string | undefined): Promise<SessionCaller> => {
    const found = await tokens.read(bearerOf(authorization) ?? '');
    if (!found || access.sessionEnded(found.sessionId)) throw new ApiError('unauthenticated');
    const member = await access.member(found.memberId);
    if (!member) throw new ApiError('unauthenticated');
    if (!isLetIn(member)) throw new ApiError('account_disabled');
    const admin = isAdmin(member);
    return { type: 'session', ...found, walletId: member.walletId, admin };
  };

  const key = async (authorization: string | undefined): Promise<KeyCaller> => {
    const text = bearerOf(authorization);
    if (!text?.startsWith('sk-')) throw new ApiError('invalid_api_key');
    const found = await access.keyOf(hashOfKeyText(text));
    if (found === 'revoked' || found === 'unknown') throw new ApiError('invalid_api_key');
    const { keyId, memberId, walletId, permits } = found;
    const member = await access.member(memberId);
    if (!(member && isLetIn(member))) throw new ApiError('account_disabled');
    const { plan, clientApp } = member;
    const carried = { admin: isAdmin(member), plan, clientApp };
    return { type: 'key', keyId, memberId, walletId, ...carried, ...(permits ? { permits } : {}) };
  };

  return {
    anyone: () => Promise.resolve(undefined),
    session,
    key,
    session_or_key: (authorization) =>
      bearerOf(authorization)?.startsWith('sk-') ? key(authorization) : session(authorization),
    admin: async (authorization) => {
      const caller = await session(authorization);
      if (!caller.admin) throw new ApiError('forbidden');
      return caller;
    },
  };
}

const isLetIn = ({ status, disabled }: MemberAccess): boolean => status === 'active' && !disabled;
const isAdmin = ({ roles }: MemberAccess): boolean => roles.includes('admin');

const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
