import { z } from 'zod';
import { apiKeyEvents, KeyPermits } from '../api-key/events.ts';
import { ClientAppId } from '../client-app/events.ts';
import { EmailHash } from '../email/events.ts';
import type { EventOf } from '../event-table.ts';
import { Instant, Name, Uuid } from '../ids.ts';
import { Permits } from '../permits.ts';
import { RateLimits } from '../wallet/rates.ts';

const memberId = Uuid;

const sealedClient = z
  .string()
  .describe(`network address and browser, sealed under the member's key`);

const MemberRegistered = z
  .object({
    memberId,
    walletId: Uuid,
    emailHash: EmailHash,
    sealed: z.string().describe(`address, name and password hash, sealed under the member's key`),
  })
  .describe('A claimed address made a member, whose address is not verified yet.');

const RegistrationSuperseded = z
  .object({ memberId, by: Uuid.describe('the member of the newer sign-up') })
  .describe('A newer sign-up took over the address before anybody had verified it.');

const EmailVerified = z
  .object({ memberId, walletId: Uuid, emailHash: EmailHash })
  .describe(`The member's address is verified: the account is active, and its wallet opens.`);

const LoginSucceeded = z
  .object({
    memberId,
    sessionId: Uuid,
    expiresAt: Instant.describe('when the session ends by itself'),
    sealedClient,
  })
  .describe('A member signed in.');

const LoginFailed = z
  .object({ memberId, reason: z.enum(['wrong_password', 'email_unverified']), sealedClient })
  .describe('Somebody failed to sign in as this member.');

const LoggedOut = z
  .object({ memberId, sessionId: Uuid })
  .describe('A member ended a session before its time.');

export const Role = z.enum(['admin']);
export type Role = z.infer<typeof Role>;

const RoleGranted = z.object({ memberId, role: Role }).describe('A member was given a role.');

export const PlanId = Name.describe('what the plan is called, in conditions and limits too');

export const MemberPlan = z
  .object({
    id: PlanId,
    expiresAt: Instant.nullable().describe(
      'from then on nothing is permitted; null: it has no end',
    ),
    ...Permits.shape,
    limits: RateLimits,
  })
  .describe('what a member may do, and how much of it at once');
export type MemberPlan = z.infer<typeof MemberPlan>;

const PlanAssigned = z
  .object({
    memberId,
    plan: MemberPlan.nullable().describe('null: none, so that everything is permitted'),
  })
  .describe('A member has this plan from now on, whoever or whatever gave it.');

const ClientAppJoined = z
  .object({ memberId, clientApp: ClientAppId })
  .describe('A member belongs to a client app.');

const reason = z.string().describe('why, in the words of whoever did it');
const MemberDisabled = z
  .object({ memberId, reason })
  .describe('A member was shut out: no key and no session of it opens anything.');
const MemberEnabled = z.object({ memberId, reason }).describe('A member was let in again.');

const { ApiKeyClaimed } = apiKeyEvents;
const ApiKeyIssued = ApiKeyClaimed.extend({
  permits: KeyPermits.describe('what it is good for from the beginning'),
  at: Instant.describe('when it was decided'),
}).describe('A member may have one more key, which is claimed by its hash.');
const ApiKeyEnded = z
  .object({ memberId, keyId: Uuid })
  .describe('A key of this member is good no more, so that another one may take its place.');

export const memberEvents = {
  MemberRegistered,
  RegistrationSuperseded,
  EmailVerified,
  LoginSucceeded,
  LoginFailed,
  LoggedOut,
  RoleGranted,
  PlanAssigned,
  ClientAppJoined,
  MemberDisabled,
  MemberEnabled,
  ApiKeyIssued,
  ApiKeyEnded,
};
export type MemberEvent = EventOf<typeof memberEvents>;
