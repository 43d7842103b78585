import { randomUUID } from 'node:crypto';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { member } from '../domain/member/decider.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import type { Seal } from './registration.ts';
import type { RequestFacts } from './route.ts';
import type { SessionTokens } from './session-tokens.ts';

const sessionMs = 12 * 60 * 60 * 1000;

export interface OpenSessionParts {
  readonly run: RunnerOf<typeof member>['run'];
  readonly seal: Seal;
  readonly issue: SessionTokens['issue'];
  readonly clock: () => Date;
}

export interface OpenedSession {
  readonly token: string;
  readonly expiresAt: string;
  readonly position: bigint | null;
}

/** Records an attempt to sign in and opens a session, or throws why not. */
export type OpenSession = (
  attempt: { readonly memberId: string; readonly passwordRight: boolean },
  request: RequestFacts,
) => Promise<OpenedSession>;

export const sessionOpener =
  ({ run, seal, issue, clock }: OpenSessionParts): OpenSession =>
  async ({ memberId, passwordRight }, request) => {
    const sessionId = randomUUID();
    const expiresAt = new Date(clock().getTime() + sessionMs).toISOString();
    const client = { ip: request.ip, userAgent: request.userAgent };
    const sealedClient = await seal(memberId, client);
    const { events, position } = await run(
      streamOf.member(memberId),
      () => ({ type: 'SignIn', passwordRight, sessionId, expiresAt, sealedClient }),
      commandContext({ caller: undefined, request }, clock, 'sign-in'),
    );
    for (const event of events) {
      if (event.type === 'LoginFailed') throw refusal(event.data.reason);
    }
    return { token: await issue({ memberId, sessionId }, expiresAt), expiresAt, position };
  };

const refusal = (reason: 'wrong_password' | 'email_unverified'): Rejection =>
  reason === 'wrong_password'
    ? new Rejection('invalid_credentials', 'The password is wrong.')
    : new Rejection('email_unverified', 'The address is not verified.');
