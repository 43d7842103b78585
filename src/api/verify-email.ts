import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { email } from '../domain/email/decider.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import { members } from '../projections/members.ts';
import type { Attempts } from './attempts.ts';
import type { React } from './command-context.ts';
import { commandContext } from './command-context.ts';
import { failedPage, verifiedPage, verifyPage } from './pages.ts';
import type { Reads } from './reads.ts';
import { readable } from './reads.ts';
import type { RequestFacts } from './route.ts';
import { route } from './route.ts';
import { readVerificationCode } from './verification-code.ts';

const Code = z.string().max(200);

export interface VerifyEmailParts {
  readonly run: RunnerOf<typeof email>['run'];
  readonly react: React;
  readonly reads: Reads;
  /** By network address. */
  readonly limit: Attempts;
  readonly clock: () => Date;
}

/** Proves that an address is its claimant's. */
export const verifyEmail = (parts: VerifyEmailParts) =>
  route({
    method: 'POST',
    path: '/api/verify-email',
    who: 'anyone',
    summary: 'Verify an address by the code in the mail',
    body: z.strictObject({ code: Code }),
    reply: z.object({}),
    handle: async ({ body, request }) => ({
      body: {},
      position: await own(parts, body.code, request),
    }),
  });

/** The page behind the mail's link: mail scanners open links, so only its button verifies. */
export const verifyEmailPage = () =>
  route({
    method: 'GET',
    path: '/verify-email',
    who: 'anyone',
    summary: 'The page that the mail’s link opens; it changes nothing',
    query: z.object({ code: Code.default('') }),
    reply: z.string(),
    produces: 'text/html',
    handle: ({ query, request }) => verifyPage(request.locale, query.code),
  });

/** What that page's button sends, without any script. */
export const verifyEmailForm = (parts: VerifyEmailParts) =>
  route({
    method: 'POST',
    path: '/verify-email',
    who: 'anyone',
    summary: 'Verify an address, as a form',
    accepts: 'form',
    body: z.object({ code: Code }),
    reply: z.string(),
    produces: 'text/html',
    handle: async ({ body, request }) => {
      try {
        const position = await own(parts, body.code, request);
        return { ...verifiedPage(request.locale), position };
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        return failedPage(request.locale, error.code);
      }
    },
  });

async function own(
  { run, react, reads, limit, clock }: VerifyEmailParts,
  code: string,
  request: RequestFacts,
): Promise<bigint | null> {
  limit.take(request.ip);
  const read = readVerificationCode(code);
  if (!read) throw new Rejection('code_invalid', 'This is no code of ours.');
  const owned = await run(
    streamOf.email(read.emailHash),
    (at) => ({ type: 'OwnEmail', codeHash: read.codeHash, at }),
    commandContext({ caller: undefined, request }, clock, 'own-email'),
  );
  const position = await react(owned);
  await readable(reads, [members], position);
  return position;
}
