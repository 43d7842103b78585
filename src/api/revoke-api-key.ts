import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { apiKey } from '../domain/api-key/decider.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import { apiKeys, hashOfKey } from '../projections/api-keys.ts';
import type { React } from './command-context.ts';
import { commandContext } from './command-context.ts';
import type { Reads } from './reads.ts';
import { readable } from './reads.ts';
import { route } from './route.ts';
import { WrittenUuid } from './written-uuid.ts';

export interface RevokeKeyParts {
  readonly run: RunnerOf<typeof apiKey>['run'];
  readonly react: React;
  readonly reads: Reads;
  readonly clock: () => Date;
}

/** Ends a key of the caller's own, from the next request on; a policy makes room for another one. */
export const revokeApiKey = ({ run, react, reads, clock }: RevokeKeyParts) =>
  route({
    method: 'DELETE',
    path: '/api/api-keys/:id',
    who: 'session',
    summary: 'Revoke one of my API keys',
    params: z.object({ id: WrittenUuid }),
    status: 204,
    reply: z.undefined(),
    handle: async ({ caller, params, request }) => {
      const { memberId } = caller;
      const found = await reads.maybeOne(hashOfKey(memberId, params.id));
      if (!found) throw new Rejection('api_key_not_found', 'No such key of this member.');
      const revoked = await run(
        streamOf.apiKey(found.hash),
        () => ({ type: 'RevokeApiKey', memberId }),
        commandContext({ caller, request }, clock, 'revoke-api-key'),
      );
      const position = await react(revoked);
      await readable(reads, [apiKeys], position);
      return { body: undefined, position };
    },
  });
