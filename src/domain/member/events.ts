import { z } from 'zod';
import { EmailHash } from '../email/events.ts';
import type { EventOf } from '../event-table.ts';
import { Instant, Uuid } from '../ids.ts';

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

export const memberEvents = {
  MemberRegistered,
  RegistrationSuperseded,
  EmailVerified,
  LoginSucceeded,
  LoginFailed,
  LoggedOut,
  RoleGranted,
};
export type MemberEvent = EventOf<typeof memberEvents>;
