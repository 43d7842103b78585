import { z } from 'zod';
import { EmailHash } from '../email/events.ts';
import type { EventOf } from '../event-table.ts';
import { Instant, Uuid } from '../ids.ts';

const memberId = Uuid;

const MemberRegistered = z.object({
  memberId,
  walletId: Uuid,
  emailHash: EmailHash,
  /** Address, name and password hash, sealed under the member's key. */
  sealed: z.string(),
});

/** A newer sign-up took over the address before anybody had verified it. */
const RegistrationSuperseded = z.object({ memberId, by: Uuid });

const EmailVerified = z.object({ memberId, walletId: Uuid, emailHash: EmailHash });

const LoginSucceeded = z.object({
  memberId,
  sessionId: Uuid,
  expiresAt: Instant,
  /** Network address and browser, sealed under the member's key. */
  sealedClient: z.string(),
});

const LoginFailed = z.object({
  memberId,
  reason: z.enum(['wrong_password', 'email_unverified']),
  sealedClient: z.string(),
});

const LoggedOut = z.object({ memberId, sessionId: Uuid });

export const Role = z.enum(['admin']);
export type Role = z.infer<typeof Role>;

const RoleGranted = z.object({ memberId, role: Role });

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
