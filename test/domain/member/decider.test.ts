import test from 'ava';
import { nameId } from '../../../src/domain/ids.ts';
import type { MemberCommand } from '../../../src/domain/member/decider.ts';
import { member } from '../../../src/domain/member/decider.ts';
import { given } from '../../support/given.ts';

const memberId = nameId('ann');
const registration = {
  memberId,
  walletId: nameId('wallet'),
  emailHash: 'b'.repeat(64),
  sealed: 'sealed',
};
const { walletId, emailHash } = registration;
const registered = { type: 'MemberRegistered' as const, data: registration };
const verified = { type: 'EmailVerified' as const, data: { memberId, walletId, emailHash } };
const session = {
  sessionId: nameId('session'),
  expiresAt: '2026-01-01T12:00:00.000Z',
  sealedClient: 'sealed',
};
const signsIn = (passwordRight: boolean): MemberCommand => ({
  type: 'SignIn',
  passwordRight,
  ...session,
});
const failed = (reason: 'wrong_password' | 'email_unverified') => ({
  type: 'LoginFailed' as const,
  data: { memberId, reason, sealedClient: 'sealed' },
});

test('a member registers once', (t) => {
  given(member)(t)
    .when({ type: 'RegisterMember', ...registration })
    .yields(registered);
  given(
    member,
    registered,
  )(t)
    .when({ type: 'RegisterMember', ...registration })
    .yields();
});

test('nobody unknown does anything', (t) => {
  given(member)(t).when(signsIn(true)).isRefused('member_not_found');
});

test('the address is verified once', (t) => {
  given(member, registered)(t).when({ type: 'VerifyMember' }).yields(verified);
  given(member, registered, verified)(t).when({ type: 'VerifyMember' }).yields();
});

test('signing in needs the right password and a verified address', (t) => {
  given(member, registered)(t).when(signsIn(false)).yields(failed('wrong_password'));
  given(member, registered)(t).when(signsIn(true)).yields(failed('email_unverified'));
  given(
    member,
    registered,
    verified,
  )(t)
    .when(signsIn(true))
    .yields({ type: 'LoginSucceeded', data: { memberId, ...session } });
});

test('signing out twice changes nothing', (t) => {
  const out = { type: 'LoggedOut' as const, data: { memberId, sessionId: session.sessionId } };
  const command = { type: 'SignOut' as const, sessionId: session.sessionId };
  given(member, registered, verified)(t).when(command).yields(out);
  given(member, registered, verified, out)(t).when(command).yields();
});

test('an unverified registration can be superseded, a verified one can’t', (t) => {
  const by = nameId('bob');
  const superseded = { type: 'RegistrationSuperseded' as const, data: { memberId, by } };
  given(member, registered)(t).when({ type: 'SupersedeRegistration', by }).yields(superseded);
  given(member, registered, superseded)(t).when({ type: 'SupersedeRegistration', by }).yields();
  given(member, registered, verified)(t).when({ type: 'SupersedeRegistration', by }).yields();
});

test('a superseded registration signs in no more', (t) => {
  const superseded = {
    type: 'RegistrationSuperseded' as const,
    data: { memberId, by: nameId('bob') },
  };
  given(member, registered, superseded)(t).when(signsIn(true)).yields(failed('email_unverified'));
});

test('a role is granted once', (t) => {
  const granted = { type: 'RoleGranted' as const, data: { memberId, role: 'admin' as const } };
  given(member, registered)(t).when({ type: 'GrantRole', role: 'admin' }).yields(granted);
  given(member, registered, granted)(t).when({ type: 'GrantRole', role: 'admin' }).yields();
});

const plan = {
  ...{ id: 'pro', expiresAt: null, aliases: ['demo'], scenarios: null, endpoints: null },
  limits: { requestsPerMinute: 60, tokensPerMinute: null, concurrent: null },
};
const assigned = { type: 'PlanAssigned' as const, data: { memberId, plan } };
const disabled = { type: 'MemberDisabled' as const, data: { memberId, reason: 'spam' } };
const enabled = { type: 'MemberEnabled' as const, data: { memberId, reason: 'sorry' } };

test('a member has one plan, or none', (t) => {
  const assign = (given: typeof plan | null): MemberCommand => ({
    type: 'AssignPlan',
    plan: given,
  });
  given(member)(t).when(assign(plan)).isRefused('member_not_found');
  given(member, registered)(t).when(assign(null)).yields();
  given(member, registered)(t).when(assign(plan)).yields(assigned);
  given(
    member,
    registered,
    assigned,
  )(t)
    .when(assign({ ...plan, limits: { ...plan.limits } }))
    .yields();
  given(
    member,
    registered,
    assigned,
  )(t)
    .when(assign(null))
    .yields({ type: 'PlanAssigned', data: { memberId, plan: null } });
});

test('a member belongs to the client app that was said last', (t) => {
  const join = (clientApp: string): MemberCommand => ({ type: 'JoinClientApp', clientApp });
  const joined = { type: 'ClientAppJoined' as const, data: { memberId, clientApp: 'shop' } };
  given(member, registered)(t).when(join('shop')).yields(joined);
  given(member, registered, joined)(t).when(join('shop')).yields();
  given(
    member,
    registered,
    joined,
  )(t)
    .when(join('app'))
    .yields({ type: 'ClientAppJoined', data: { memberId, clientApp: 'app' } });
});

test('a member is shut out once, and let in again once', (t) => {
  const disable: MemberCommand = { type: 'DisableMember', reason: 'spam' };
  const enable: MemberCommand = { type: 'EnableMember', reason: 'sorry' };
  given(member, registered)(t).when(enable).yields();
  given(member, registered)(t).when(disable).yields(disabled);
  given(member, registered, disabled)(t).when(disable).yields();
  given(member, registered, disabled)(t).when(enable).yields(enabled);
  given(member, registered, disabled, enabled)(t).when(disable).yields(disabled);
});

test('only who knows the password is told that the account is disabled', (t) => {
  const shut = [registered, verified, disabled] as const;
  given(
    member,
    ...shut,
  )(t)
    .when(signsIn(false))
    .yields(failed('wrong_password'));
  given(
    member,
    ...shut,
  )(t)
    .when(signsIn(true))
    .isRefused('account_disabled');
  given(
    member,
    ...shut,
    enabled,
  )(t)
    .when(signsIn(true))
    .yieldsTypes('LoginSucceeded');
});
