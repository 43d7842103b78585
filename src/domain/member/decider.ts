import type { Decider } from '../decider.ts';
import type { Instant } from '../ids.ts';
import { Rejection } from '../rejection.ts';
import type { MemberEvent, Role } from './events.ts';
import { MemberPlan } from './events.ts';
import type { KeyCommand, KeysHeld } from './keys.ts';
import { decideKeys, keyEnded, keyIssued, noKeys } from './keys.ts';

type Registration = Extract<MemberEvent, { type: 'MemberRegistered' }>['data'];

export type MemberCommand =
  | ({ readonly type: 'RegisterMember' } & Registration)
  | RegisteredCommand;

/** What may be asked of somebody who has registered. */
type RegisteredCommand =
  | { readonly type: 'SupersedeRegistration'; readonly by: string }
  | { readonly type: 'VerifyMember' }
  | {
      readonly type: 'SignIn';
      /** What argon2 said of the password, outside. */
      readonly passwordRight: boolean;
      readonly sessionId: string;
      readonly expiresAt: Instant;
      readonly sealedClient: string;
    }
  | { readonly type: 'SignOut'; readonly sessionId: string }
  | { readonly type: 'GrantRole'; readonly role: Role }
  | KeyCommand
  | StandingCommand;

type StandingCommand =
  | { readonly type: 'AssignPlan'; readonly plan: MemberPlan | null }
  | { readonly type: 'JoinClientApp'; readonly clientApp: string }
  | { readonly type: 'DisableMember' | 'EnableMember'; readonly reason: string };

export type Member =
  | { readonly status: 'unregistered' }
  | {
      readonly status: 'unverified' | 'active' | 'superseded';
      readonly registration: Registration;
      readonly roles: readonly Role[];
      readonly disabled: boolean;
      readonly plan: MemberPlan | null;
      readonly clientApp: string | null;
      /** The latest sessions that were signed out, so that signing out twice changes nothing. */
      readonly ended: readonly string[];
      readonly keys: KeysHeld;
    };

const endedRemembered = 100;

/** A person: registered by an address, verified by its owner, signed in and out. */
export const member: Decider<MemberCommand, MemberEvent, Member> = {
  initialState: { status: 'unregistered' },
  decide(command, state) {
    if (command.type === 'RegisterMember') {
      const { type: _, ...registration } = command;
      if (state.status !== 'unregistered') return [];
      return [{ type: 'MemberRegistered', data: registration }];
    }
    if (state.status === 'unregistered') {
      throw new Rejection('member_not_found', 'There is no such member.');
    }
    return decideRegistered(command, state);
  },
  evolve(state, event) {
    if (event.type === 'MemberRegistered') {
      return { ...newcomer, registration: event.data };
    }
    return state.status === 'unregistered' ? state : evolveRegistered(state, event);
  },
};

type Registered = Exclude<Member, { status: 'unregistered' }>;

const newcomer: Omit<Registered, 'registration'> = {
  status: 'unverified',
  roles: [],
  disabled: false,
  plan: null,
  clientApp: null,
  ended: [],
  keys: noKeys,
};

function decideRegistered(command: RegisteredCommand, state: Registered): readonly MemberEvent[] {
  const { memberId, walletId, emailHash } = state.registration;
  switch (command.type) {
    case 'SupersedeRegistration':
      if (state.status !== 'unverified') return [];
      return [{ type: 'RegistrationSuperseded', data: { memberId, by: command.by } }];
    case 'VerifyMember':
      if (state.status === 'active') return [];
      return [{ type: 'EmailVerified', data: { memberId, walletId, emailHash } }];
    case 'SignIn':
      return [signedIn(command, state)];
    case 'SignOut':
      if (state.ended.includes(command.sessionId)) return [];
      return [{ type: 'LoggedOut', data: { memberId, sessionId: command.sessionId } }];
    case 'GrantRole':
      if (state.roles.includes(command.role)) return [];
      return [{ type: 'RoleGranted', data: { memberId, role: command.role } }];
    case 'IssueApiKey':
    case 'EndApiKey':
      return decideKeys(command, state.keys, memberId);
    case 'AssignPlan':
    case 'JoinClientApp':
    case 'DisableMember':
    case 'EnableMember':
      return decideStanding(command, state);
  }
}

/** What others decide of a member: each of it once. */
function decideStanding(
  command: StandingCommand,
  { plan, clientApp, disabled, registration: { memberId } }: Registered,
): readonly MemberEvent[] {
  switch (command.type) {
    case 'AssignPlan':
      if (said(command.plan) === said(plan)) return [];
      return [{ type: 'PlanAssigned', data: { memberId, plan: command.plan } }];
    case 'JoinClientApp':
      if (clientApp === command.clientApp) return [];
      return [{ type: 'ClientAppJoined', data: { memberId, clientApp: command.clientApp } }];
    case 'DisableMember':
      if (disabled) return [];
      return [{ type: 'MemberDisabled', data: { memberId, reason: command.reason } }];
    case 'EnableMember':
      if (!disabled) return [];
      return [{ type: 'MemberEnabled', data: { memberId, reason: command.reason } }];
  }
}

/** The schema puts the fields in one order. */
const said = (plan: MemberPlan | null): string => JSON.stringify(plan && MemberPlan.parse(plan));

function signedIn(
  { passwordRight, sessionId, expiresAt, sealedClient }: Extract<MemberCommand, { type: 'SignIn' }>,
  { status, disabled, registration: { memberId } }: Registered,
): MemberEvent {
  if (!passwordRight) {
    return { type: 'LoginFailed', data: { memberId, reason: 'wrong_password', sealedClient } };
  }
  if (status !== 'active') {
    return { type: 'LoginFailed', data: { memberId, reason: 'email_unverified', sealedClient } };
  }
  // Only who knows the password is told.
  if (disabled) throw new Rejection('account_disabled', 'This account is disabled.');
  return { type: 'LoginSucceeded', data: { memberId, sessionId, expiresAt, sealedClient } };
}

function evolveRegistered(
  state: Registered,
  event: Exclude<MemberEvent, { type: 'MemberRegistered' }>,
): Member {
  switch (event.type) {
    case 'RegistrationSuperseded':
      return { ...state, status: 'superseded' };
    case 'EmailVerified':
      return { ...state, status: 'active' };
    case 'LoginSucceeded':
    case 'LoginFailed':
      return state;
    case 'LoggedOut':
      return {
        ...state,
        ended: [...state.ended, event.data.sessionId].slice(-endedRemembered),
      };
    case 'RoleGranted':
      return { ...state, roles: [...state.roles, event.data.role] };
    case 'PlanAssigned':
      return { ...state, plan: event.data.plan };
    case 'ClientAppJoined':
      return { ...state, clientApp: event.data.clientApp };
    case 'MemberDisabled':
      return { ...state, disabled: true };
    case 'MemberEnabled':
      return { ...state, disabled: false };
    case 'ApiKeyIssued':
      return { ...state, keys: keyIssued(state.keys, event.data.keyId, event.data.at) };
    case 'ApiKeyEnded':
      return { ...state, keys: keyEnded(state.keys, event.data.keyId) };
  }
}
