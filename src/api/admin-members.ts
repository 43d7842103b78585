import { z } from 'zod';
import { KeyErased } from '../adapters/vault/vault-faults.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import { Role } from '../domain/member/events.ts';
import { Rejection } from '../domain/rejection.ts';
import { memberPlans } from '../projections/member-plans.ts';
import { memberRoles } from '../projections/member-roles.ts';
import {
  listMembers,
  MemberRow,
  memberById,
  members,
  membersPage,
} from '../projections/members.ts';
import { MomentCursor } from '../projections/page.ts';
import { ShownPlan, shownPlan } from './member-plan.ts';
import type { Reads } from './reads.ts';
import { listOf, MinPosition, pageQuery, positionOf } from './reads.ts';
import type { Unseal } from './registration.ts';
import { registrationOf } from './registration.ts';
import { route } from './route.ts';
import { WrittenUuid } from './written-uuid.ts';

const Member = z.object({
  id: Uuid,
  wallet_id: Uuid,
  /** Null once the member's data was erased. */
  email: z.string().nullable(),
  username: z.string().nullable(),
  status: z.enum([...MemberRow.shape.status.options, 'disabled']),
  roles: z.array(Role),
  client_app: z.string().nullable(),
  /** Null: none, so that everything is permitted. */
  plan: ShownPlan.nullable(),
  registered_at: Instant,
  verified_at: Instant.nullable(),
});

/** The read models that a member is shown from. */
const shownFrom = [members, memberRoles, memberPlans];

export const listEveryMember = (reads: Reads, unseal: Unseal) =>
  route({
    method: 'GET',
    path: '/api/admin/members',
    who: 'admin',
    summary: 'Members, the newest first',
    query: pageQuery(MomentCursor),
    reply: listOf(Member),
    handle: async ({ query: { limit, cursor: after, min_position: min } }) => {
      const wanted = { limit, after };
      const position = await positionOf(reads, shownFrom, min);
      const { data, next_cursor } = membersPage(await reads.any(listMembers(wanted)), wanted);
      const rows = await Promise.all(data.map((row) => shown(row, unseal)));
      return { body: { data: rows, next_cursor, as_of_position: position } };
    },
  });

export const getMember = (reads: Reads, unseal: Unseal) =>
  route({
    method: 'GET',
    path: '/api/admin/members/:id',
    who: 'admin',
    summary: 'A member: its state, its plan and its client app',
    params: z.object({ id: WrittenUuid }),
    query: z.object({ min_position: MinPosition }),
    reply: Member.extend({ as_of_position: z.string().nullable() }),
    handle: async ({ params: { id }, query: { min_position: min } }) => {
      const position = await positionOf(reads, shownFrom, min);
      const row = await reads.maybeOne(memberById(id));
      if (!row) throw new Rejection('member_not_found', 'There is no such member.');
      return { body: { ...(await shown(row, unseal)), as_of_position: position } };
    },
  });

async function shown({ member_id, sealed, disabled, plan, ...row }: MemberRow, unseal: Unseal) {
  return {
    ...{ id: member_id, ...row, plan: plan && shownPlan(plan) },
    ...(disabled ? { status: 'disabled' as const } : {}),
    ...(await told(unseal, member_id, sealed)),
  };
}

async function told(unseal: Unseal, memberId: string, sealed: string) {
  try {
    const { email, username } = await registrationOf(unseal, memberId, sealed);
    return { email, username };
  } catch (error) {
    if (!(error instanceof KeyErased)) throw error;
    return { email: null, username: null };
  }
}
