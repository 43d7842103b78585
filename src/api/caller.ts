import type { KeyPermits } from '../domain/api-key/events.ts';
import type { Actor } from '../domain/envelope.ts';
import type { MemberPlan } from '../domain/member/events.ts';

/** A person with a session token. */
export interface SessionCaller {
  readonly type: 'session';
  readonly memberId: string;
  readonly walletId: string;
  readonly sessionId: string;
  readonly admin: boolean;
}

/** A program with an API key. */
export interface KeyCaller {
  readonly type: 'key';
  readonly keyId: string;
  readonly memberId: string;
  readonly walletId: string;
  /** Its member is an administrator. */
  readonly admin?: boolean;
  /** What the key is good for; absent: everything. */
  readonly permits?: KeyPermits;
  /** Of its member; absent: none, so that everything is permitted. */
  readonly plan?: MemberPlan | null;
  readonly clientApp?: string | null;
}

/** Who may use a route, and what its handler then knows of them. */
export interface Callers {
  anyone: undefined;
  session: SessionCaller;
  key: KeyCaller;
  session_or_key: SessionCaller | KeyCaller;
  admin: SessionCaller;
}
export type Who = keyof Callers;
export type Caller = Callers[Who];

/** For each kind of route: the caller behind an `Authorization` header, or throws `ApiError`. */
export type Authenticate = {
  readonly [W in Who]: (authorization: string | undefined) => Promise<Callers[W]>;
};

/** How an event's envelope names a caller. */
export function actorOf(caller: Caller): Actor {
  if (!caller) return { type: 'anonymous', id: 'anonymous' };
  if (caller.type === 'key') {
    return { type: 'api_key', id: caller.keyId, onBehalfOf: caller.memberId };
  }
  return { type: caller.admin ? 'admin' : 'member', id: caller.memberId };
}
