import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { Mailer } from '../adapters/mail/mailer.ts';
import { MailFault } from '../adapters/mail/mailer.ts';
import type { email } from '../domain/email/decider.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import { atLeast } from './at-least.ts';
import type { Attempts } from './attempts.ts';
import type { React } from './command-context.ts';
import { commandContext } from './command-context.ts';
import type { HashEmail } from './email-address.ts';
import { EmailAddress } from './email-address.ts';
import { addressTakenMail, verificationMail } from './mails.ts';
import { hashPassword, NewPassword } from './passwords.ts';
import type { Registration, Seal } from './registration.ts';
import type { RequestFacts } from './route.ts';
import { route } from './route.ts';
import { ShownName } from './shown-name.ts';
import { newVerificationCode } from './verification-code.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Longer than the work behind it, whose length would tell whether an address is known. */
const shortestMs = 400;

export interface SignupParts {
  readonly run: RunnerOf<typeof email>['run'];
  readonly react: React;
  readonly hashEmail: HashEmail;
  readonly createKey: (memberId: string) => Promise<void>;
  readonly eraseKey: (memberId: string) => Promise<void>;
  readonly seal: Seal;
  readonly send: Mailer['send'];
  readonly publicUrl: () => string;
  readonly limits: { readonly byIp: Attempts; readonly byEmail: Attempts };
  readonly clock: () => Date;
  readonly log: Logger;
}

/** Registers a person; a taken address gets the same answer, after the same time. */
export const signup = (parts: SignupParts) =>
  route({
    method: 'POST',
    path: '/api/signup',
    who: 'anyone',
    summary: 'Sign up; a mail brings the link that verifies the address',
    body: z.strictObject({
      email: EmailAddress,
      password: NewPassword,
      username: ShownName.optional(),
    }),
    status: 202,
    reply: z.object({}),
    handle: async ({ body: { email: address, password, username = null }, request }) => {
      parts.limits.byIp.take(request.ip);
      parts.limits.byEmail.take(parts.hashEmail(address));
      await atLeast(shortestMs, register(parts, { address, password, username }, request));
      return { body: {} };
    },
  });

interface Wanted {
  readonly address: string;
  readonly password: string;
  readonly username: string | null;
}

async function register(
  parts: SignupParts,
  { address, password, username }: Wanted,
  request: RequestFacts,
): Promise<void> {
  const passwordHash = await hashPassword(password);
  const told: Registration = { email: address, username, passwordHash };
  const { code, emailHash, codeHash } = newVerificationCode(parts.hashEmail(address));
  const isOurs = await claim(parts, { told, emailHash, codeHash }, request);
  const link = `${parts.publicUrl()}/verify-email?code=${code}`;
  const mail = isOurs
    ? verificationMail(request.locale, link)
    : addressTakenMail(request.locale, parts.publicUrl());
  await hand(parts, { to: address, ...mail }, request);
}

/** True when the address now waits for its owner; false when it has one. */
async function claim(
  { run, react, createKey, eraseKey, seal, clock }: SignupParts,
  { told, ...hashes }: { told: Registration; emailHash: string; codeHash: string },
  request: RequestFacts,
): Promise<boolean> {
  const memberId = randomUUID();
  const walletId = randomUUID();
  await createKey(memberId);
  const sealed = await seal(memberId, told);
  const context = commandContext({ caller: undefined, request }, clock, 'claim-email');
  try {
    const claimed = await run(
      streamOf.email(hashes.emailHash),
      (at) => {
        const expiresAt = new Date(Date.parse(at) + dayMs).toISOString();
        return { type: 'ClaimEmail', ...hashes, memberId, walletId, sealed, expiresAt };
      },
      context,
    );
    await react(claimed);
    for (const { type, data } of claimed.events) {
      if (type === 'EmailClaimed' && data.replaces) await eraseKey(data.replaces);
    }
    return true;
  } catch (error) {
    if (!(error instanceof Rejection && error.code === 'email_taken')) throw error;
    await eraseKey(memberId);
    return false;
  }
}

/** A mailbox that is refused for ever must look like any other. */
async function hand(
  { send, log }: SignupParts,
  mail: Parameters<Mailer['send']>[0],
  request: RequestFacts,
): Promise<void> {
  try {
    await send(mail);
  } catch (error) {
    if (!(error instanceof MailFault) || error.retryable) throw error;
    log.warn({ request: request.id, err: error }, 'a sign-up mail was refused for ever');
  }
}
