import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { email } from '../domain/email/decider.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import type { member } from '../domain/member/decider.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import { refusedNoSoonerThan } from './at-least.ts';
import type { Attempts } from './attempts.ts';
import type { HashEmail } from './email-address.ts';
import { EmailAddress } from './email-address.ts';
import type { Guesses } from './limits.ts';
import type { OpenSession } from './open-session.ts';
import type { PasswordCheck } from './passwords.ts';
import { GivenPassword } from './passwords.ts';
import type { Unseal } from './registration.ts';
import { registrationOf } from './registration.ts';
import { route } from './route.ts';

/** Longer than a refusal takes, whatever it is for. */
const shortestRefusalMs = 250;

export interface SigninParts {
  readonly loadEmail: RunnerOf<typeof email>['load'];
  readonly loadMember: RunnerOf<typeof member>['load'];
  readonly openSession: OpenSession;
  readonly isPassword: PasswordCheck;
  readonly hashEmail: HashEmail;
  readonly unseal: Unseal;
  readonly limits: Guesses;
}

export const Signin = z.object({ token: z.string(), expires_at: Instant, member_id: Uuid });

/** Opens a session; an unknown address and a wrong password are told apart by nothing. */
export const signin = (parts: SigninParts) =>
  route({
    method: 'POST',
    path: '/api/signin',
    who: 'anyone',
    summary: 'Sign in',
    body: z.strictObject({ email: EmailAddress, password: GivenPassword }),
    reply: Signin,
    handle: async ({ body, request }) => {
      const emailHash = parts.hashEmail(body.email);
      const attempt = async () => {
        const known = await registered(parts, emailHash);
        const passwordRight = await parts.isPassword(body.password, known?.passwordHash);
        if (!known) throw new Rejection('invalid_credentials', 'Nobody has this address.');
        const { memberId } = known;
        return { memberId, ...(await parts.openSession({ memberId, passwordRight }, request)) };
      };
      const { memberId, token, expiresAt, position } = await counted(
        parts.limits,
        { ip: request.ip, emailHash },
        () => refusedNoSoonerThan(shortestRefusalMs, attempt()),
      );
      return { body: { token, expires_at: expiresAt, member_id: memberId }, position };
    },
  });

/** Only a wrong guess counts against whoever guesses, and whose password it is. */
async function counted<Result>(
  { byPair, byEmail, byIp }: Guesses,
  { ip, emailHash }: { readonly ip: string; readonly emailHash: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const taken: (() => void)[] = [];
  const take = (attempts: Attempts, key: string) => {
    attempts.take(key);
    taken.push(() => attempts.giveBack(key));
  };
  let wrong = false;
  try {
    take(byIp, ip);
    take(byPair, `${emailHash} ${ip}`);
    take(byEmail, emailHash);
    return await work();
  } catch (error) {
    wrong = error instanceof Rejection && error.code === 'invalid_credentials';
    throw error;
  } finally {
    if (!wrong) for (const giveBack of taken) giveBack();
  }
}

async function registered(
  { loadEmail, loadMember, unseal }: SigninParts,
  emailHash: string,
): Promise<{ readonly memberId: string; readonly passwordHash: string } | undefined> {
  const { state: address } = await loadEmail(streamOf.email(emailHash));
  if (address.status === 'free') return undefined;
  const { memberId } = address.claim;
  const { state } = await loadMember(streamOf.member(memberId));
  if (state.status === 'unregistered') return undefined;
  const { passwordHash } = await registrationOf(unseal, memberId, state.registration.sealed);
  return { memberId, passwordHash };
}
