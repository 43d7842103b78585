import { z } from 'zod';
import { Instant, Uuid } from '../domain/ids.ts';
import { Rejection } from '../domain/rejection.ts';
import type { Attempts } from './attempts.ts';
import { commandContext } from './command-context.ts';
import type { IssueKey } from './create-api-key.ts';
import { EmailAddress } from './email-address.ts';
import type { FirstAdmin } from './first-admin.ts';
import type { OpenSession } from './open-session.ts';
import { failedPage, setUpDonePage, setUpPage } from './pages.ts';
import { NewPassword } from './passwords.ts';
import type { RequestFacts } from './route.ts';
import { route } from './route.ts';

const Wanted = z.strictObject({
  code: z.string().max(200),
  email: EmailAddress,
  password: NewPassword,
});

export interface SetupParts {
  readonly appoint: FirstAdmin['appoint'];
  readonly openSession: OpenSession;
  readonly issueKey: IssueKey;
  /** By network address. */
  readonly limit: Attempts;
  readonly clock: () => Date;
}

/** Makes the holder of the one-time code the first administrator. */
export const setup = (parts: SetupParts) =>
  route({
    method: 'POST',
    path: '/api/setup',
    who: 'anyone',
    summary: 'Become the first administrator by the one-time code that the start printed',
    body: Wanted,
    status: 201,
    reply: z.object({ member_id: Uuid, token: z.string(), expires_at: Instant, key: z.string() }),
    handle: async ({ body, request }) => {
      const { memberId, session, issued } = await setUp(parts, body, request);
      const { token, expiresAt } = session;
      return {
        body: { member_id: memberId, token, expires_at: expiresAt, key: issued.key },
        position: issued.position,
      };
    },
  });

export const setupPage = () =>
  route({
    method: 'GET',
    path: '/setup',
    who: 'anyone',
    summary: 'The page behind the printed link; it changes nothing',
    query: z.object({ code: z.string().max(200).default('') }),
    reply: z.string(),
    produces: 'text/html',
    handle: ({ query, request }) => setUpPage(request.locale, query.code),
  });

/** What that page sends, without any script. */
export const setupForm = (parts: SetupParts) =>
  route({
    method: 'POST',
    path: '/setup',
    who: 'anyone',
    summary: 'Become the first administrator, as a form',
    accepts: 'form',
    body: Wanted,
    status: 201,
    reply: z.string(),
    produces: 'text/html',
    handle: async ({ body, request }) => {
      try {
        const { issued } = await setUp(parts, body, request);
        return { ...setUpDonePage(request.locale, issued.key), position: issued.position };
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        return failedPage(request.locale, error.code);
      }
    },
  });

async function setUp(
  { appoint, openSession, issueKey, limit, clock }: SetupParts,
  { code, email, password }: z.output<typeof Wanted>,
  request: RequestFacts,
) {
  limit.take(request.ip);
  const by = { caller: undefined, request };
  const context = commandContext(by, clock, 'set-up');
  const { memberId, walletId } = await appoint(code, { email, password }, context);
  const session = await openSession({ memberId, passwordRight: true }, request);
  const issued = await issueKey({ memberId, walletId, name: 'set-up' }, by);
  limit.giveBack(request.ip);
  return { memberId, session, issued };
}
