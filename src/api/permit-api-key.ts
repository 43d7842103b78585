import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { apiKey } from '../domain/api-key/decider.ts';
import { KeyPermits } from '../domain/api-key/events.ts';
import { Uuid } from '../domain/ids.ts';
import { Rejection } from '../domain/rejection.ts';
import { streamOf } from '../domain/streams.ts';
import { apiKeys, ownerOfKey } from '../projections/api-keys.ts';
import type { SessionCaller } from './caller.ts';
import { commandContext } from './command-context.ts';
import { WrittenPermits } from './key-permits.ts';
import type { Reads } from './reads.ts';
import { readable } from './reads.ts';
import { route } from './route.ts';
import { WrittenUuid } from './written-uuid.ts';

export interface PermitKeyParts {
  readonly run: RunnerOf<typeof apiKey>['run'];
  readonly reads: Reads;
  readonly clock: () => Date;
}

/** Says what a key is good for, from the next request on; its owner's to say, and an administrator's. */
export const permitApiKey = ({ run, reads, clock }: PermitKeyParts) =>
  route({
    method: 'PATCH',
    path: '/api/api-keys/:id',
    who: 'session',
    summary: 'Set which models, scenarios and endpoints a key is good for; null: all',
    params: z.object({ id: WrittenUuid }),
    body: WrittenPermits,
    reply: z.object({ id: Uuid, ...KeyPermits.shape }),
    handle: async ({ caller, params: { id }, body, request }) => {
      const { hash, member_id: memberId } = await keyOf(id, caller, reads);
      const { state, position } = await run(
        streamOf.apiKey(hash),
        () => ({ type: 'PermitApiKey', memberId, permits: body }),
        commandContext({ caller, request }, clock, 'permit-api-key'),
      );
      if (state.status !== 'active') throw noSuchKey();
      await readable(reads, [apiKeys], position);
      return { body: { id, ...state.permits }, position };
    },
  });

async function keyOf(id: string, { memberId, admin }: SessionCaller, reads: Reads) {
  const found = await reads.maybeOne(ownerOfKey(id));
  if (!found || !(admin || found.member_id === memberId)) throw noSuchKey();
  return found;
}

const noSuchKey = () => new Rejection('api_key_not_found', 'No such key of this member.');
