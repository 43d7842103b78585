import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { email } from '../domain/email/decider.ts';
import type { CommandContext } from '../domain/envelope.ts';
import type { member } from '../domain/member/decider.ts';
import { Rejection } from '../domain/rejection.ts';
import type { settings } from '../domain/settings/decider.ts';
import { streamOf } from '../domain/streams.ts';
import type { React } from './command-context.ts';
import type { HashEmail } from './email-address.ts';
import { EmailAddress } from './email-address.ts';
import type { PasswordCheck } from './passwords.ts';
import { hashPassword } from './passwords.ts';
import type { Registration, Seal, Unseal } from './registration.ts';
import { registrationOf } from './registration.ts';
import { newVerificationCode } from './verification-code.ts';

const hashName = 'set-up-code-hash';
const mostAttempts = 5;
const codeMs = 24 * 60 * 60 * 1000;

export interface FirstAdminParts {
  readonly email: RunnerOf<typeof email>;
  readonly member: Pick<RunnerOf<typeof member>, 'load'>;
  readonly settings: RunnerOf<typeof settings>;
  readonly react: React;
  readonly hashEmail: HashEmail;
  readonly createKey: (memberId: string) => Promise<void>;
  readonly seal: Seal;
  readonly unseal: Unseal;
  readonly isPassword: PasswordCheck;
  /** Where the hash of the one-time code is: in the vault. */
  readonly keep: (name: string, value: Uint8Array) => Promise<void>;
  readonly kept: (name: string) => Promise<Buffer | undefined>;
  readonly clock: () => Date;
}

interface Person {
  readonly email: string;
  readonly password: string;
}

/** Who may do everything, once. */
interface Appointed {
  readonly memberId: string;
  readonly walletId: string;
}

/** What a start has to tell the operator. */
export type SetUp =
  | { readonly kind: 'set_up_before' }
  /** The environment's person is the administrator now. */
  | { readonly kind: 'appointed' }
  /** Whoever opens this path becomes it; an earlier start's path is dead. */
  | { readonly kind: 'open'; readonly path: string };

/**
 * The way to the first administrator. Every step finds what an interrupted run did before it, and
 * the appointment itself comes last, so that a crash anywhere is mended by doing it again.
 */
export interface FirstAdmin {
  /** For each start; `admin` is the environment's. */
  ensure(admin: Person | undefined): Promise<SetUp>;
  /** Appoints a person by the one-time code, or throws `code_invalid` or `already_set_up`. */
  appoint(code: string, person: Person, context: CommandContext): Promise<Appointed>;
}

export function firstAdmin(parts: FirstAdminParts): FirstAdmin {
  const isSetUp = async (): Promise<boolean> => {
    const { state } = await parts.settings.load(streamOf.settings());
    return state.firstAdmin !== undefined;
  };

  /** Several processes of a new installation may be at it together: whoever loses looks again. */
  const byEnvironment = async (admin: Person, attempt = 1): Promise<SetUp> => {
    try {
      await establish(parts, admin, operatorContext(parts.clock));
      return { kind: 'appointed' };
    } catch (error) {
      if (!(error instanceof Rejection) || attempt === mostAttempts) throw error;
      return (await isSetUp()) ? { kind: 'set_up_before' } : byEnvironment(admin, attempt + 1);
    }
  };

  return {
    async ensure(admin) {
      if (await isSetUp()) return { kind: 'set_up_before' };
      if (admin) return byEnvironment(admin);
      const code = randomBytes(32).toString('base64url');
      await parts.keep(hashName, hashOf(code));
      return { kind: 'open', path: `/setup?code=${code}` };
    },
    async appoint(code, person, context) {
      const hash = await parts.kept(hashName);
      if (!hash || !timingSafeEqual(hash, hashOf(code))) {
        throw new Rejection('code_invalid', 'This is not the set-up code of the latest start.');
      }
      if (await isSetUp()) throw new Rejection('already_set_up', 'There is an administrator.');
      return establish(parts, person, context);
    },
  };
}

/** Makes the person a member with a verified address, and the first administrator. */
async function establish(
  parts: FirstAdminParts,
  person: Person,
  context: CommandContext,
): Promise<Appointed> {
  const address = EmailAddress.parse(person.email);
  const appointed = await ownAddress(parts, { ...person, email: address }, context);
  const written = await parts.settings.run(
    streamOf.settings(),
    () => ({ type: 'AppointFirstAdmin', ...appointed }),
    { ...context, commandId: `${context.commandId}/appoint` },
  );
  await parts.react(written);
  return appointed;
}

/** The member who owns the address: a new one, or the one whose password it is. */
async function ownAddress(
  parts: FirstAdminParts,
  person: Person,
  context: CommandContext,
): Promise<Appointed> {
  const emailHash = parts.hashEmail(person.email);
  const { state } = await parts.email.load(streamOf.email(emailHash));
  if (state.status !== 'owned') return claimAddress(parts, person, { emailHash, context });
  const { memberId, walletId } = state.claim;
  const known = await parts.member.load(streamOf.member(memberId));
  const sealed =
    known.state.status === 'unregistered' ? undefined : known.state.registration.sealed;
  const told = await registrationOf(parts.unseal, memberId, sealed ?? state.claim.sealed);
  if (!(await parts.isPassword(person.password, told.passwordHash))) {
    throw new Rejection('invalid_credentials', 'This member has another password.');
  }
  return { memberId, walletId };
}

async function claimAddress(
  parts: FirstAdminParts,
  person: Person,
  { emailHash, context }: { readonly emailHash: string; readonly context: CommandContext },
): Promise<Appointed> {
  const ids = { memberId: randomUUID(), walletId: randomUUID() };
  const told: Registration = {
    email: person.email,
    username: null,
    passwordHash: await hashPassword(person.password),
  };
  await parts.createKey(ids.memberId);
  const sealed = await parts.seal(ids.memberId, told);
  // Nobody is sent this code: whoever starts the program vouches for the address.
  const { codeHash } = newVerificationCode(emailHash);
  const stream = streamOf.email(emailHash);
  const claimed = await parts.email.run(
    stream,
    (at) => {
      const expiresAt = new Date(Date.parse(at) + codeMs).toISOString();
      return { type: 'ClaimEmail', emailHash, codeHash, sealed, expiresAt, ...ids };
    },
    { ...context, commandId: `${context.commandId}/claim-email` },
  );
  await parts.react(claimed);
  const owned = await parts.email.run(stream, (at) => ({ type: 'OwnEmail', codeHash, at }), {
    ...context,
    commandId: `${context.commandId}/own-email`,
  });
  await parts.react(owned);
  return ids;
}

const operatorContext = (clock: () => Date): CommandContext => {
  const id = `set-up/${randomUUID()}`;
  return {
    commandId: id,
    correlationId: id,
    actor: { type: 'operator', id: 'environment' },
    at: clock().toISOString(),
    source: 'set-up',
  };
};

const hashOf = (code: string): Buffer => createHash('sha256').update(code).digest();
