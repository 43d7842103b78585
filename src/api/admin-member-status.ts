import { z } from 'zod';
import { Uuid } from '../domain/ids.ts';
import { streamOf } from '../domain/streams.ts';
import type { MemberOrderParts } from './admin-member-plan.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { route } from './route.ts';
import { Reason } from './wallet-orders.ts';
import { WrittenUuid } from './written-uuid.ts';

const Status = z.enum(['active', 'disabled']);

/** Shuts a member out or lets it in again: all its keys and sessions, from the next request on. */
export const putMemberStatus = ({ run, clock }: MemberOrderParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/members/:id/status',
    who: 'admin',
    summary: 'Disable a member, whose keys and sessions then open nothing, or enable it',
    params: z.object({ id: WrittenUuid }),
    body: z.strictObject({ status: Status, reason: Reason }),
    reply: z.object({ member_id: Uuid, status: Status }),
    handle: async ({ caller, params: { id }, body: { status, reason }, request }) => {
      // Whoever shuts out the last administrator could not be let in by anybody.
      if (status === 'disabled' && id === caller.memberId) {
        throw new ApiError('invalid_request', { why: 'own_account', param: 'status' });
      }
      const type = status === 'disabled' ? 'DisableMember' : 'EnableMember';
      const { position } = await run(
        streamOf.member(id),
        () => ({ type, reason }),
        commandContext({ caller, request }, clock, 'change-status'),
      );
      return { body: { member_id: id, status }, position };
    },
  });
