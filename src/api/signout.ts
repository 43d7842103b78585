import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { member } from '../domain/member/decider.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { route } from './route.ts';

/** Ends the session at once: its token is refused from the next request on. */
export const signout = ({
  run,
  clock,
}: {
  readonly run: RunnerOf<typeof member>['run'];
  readonly clock: () => Date;
}) =>
  route({
    method: 'POST',
    path: '/api/signout',
    who: 'session',
    summary: 'Sign out',
    reply: z.object({}),
    handle: async ({ caller, request }) => {
      const { position } = await run(
        streamOf.member(caller.memberId),
        () => ({ type: 'SignOut', sessionId: caller.sessionId }),
        commandContext({ caller, request }, clock, 'sign-out'),
      );
      return { body: {}, position };
    },
  });
