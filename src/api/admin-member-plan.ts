import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { ClientAppId } from '../domain/client-app/events.ts';
import { Uuid } from '../domain/ids.ts';
import type { member } from '../domain/member/decider.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { planFrom, ShownPlan, shownPlan, WrittenPlan } from './member-plan.ts';
import { route } from './route.ts';
import { WrittenUuid } from './written-uuid.ts';

export interface MemberOrderParts {
  readonly run: RunnerOf<typeof member>['run'];
  readonly clock: () => Date;
}

const params = z.object({ id: WrittenUuid });

/** Gives a member a plan, in the place of the one it had, from the next request on. */
export const putMemberPlan = ({ run, clock }: MemberOrderParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/members/:id/plan',
    who: 'admin',
    summary: 'Set what a member may call, how much at once, and until when',
    params,
    body: WrittenPlan,
    reply: z.object({ member_id: Uuid, plan: ShownPlan }),
    handle: async ({ caller, params: { id }, body, request }) => {
      const plan = planFrom(body);
      const { position } = await run(
        streamOf.member(id),
        () => ({ type: 'AssignPlan', plan }),
        commandContext({ caller, request }, clock, 'assign-plan'),
      );
      return { body: { member_id: id, plan: shownPlan(plan) }, position };
    },
  });

/** Takes a member's plan away: without one everything is permitted. */
export const deleteMemberPlan = ({ run, clock }: MemberOrderParts) =>
  route({
    method: 'DELETE',
    path: '/api/admin/members/:id/plan',
    who: 'admin',
    summary: 'Take a member’s plan away, so that everything is permitted',
    params,
    status: 204,
    reply: z.undefined(),
    handle: async ({ caller, params: { id }, request }) => {
      const { position } = await run(
        streamOf.member(id),
        () => ({ type: 'AssignPlan', plan: null }),
        commandContext({ caller, request }, clock, 'assign-plan'),
      );
      return { body: undefined, position };
    },
  });

/** Says which client app a member belongs to, for routes and budgets. */
export const joinClientApp = ({ run, clock }: MemberOrderParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/members/:id/client-app',
    who: 'admin',
    summary: 'Set the client app that a member belongs to',
    params,
    body: z.strictObject({ client_app: ClientAppId }),
    reply: z.object({ member_id: Uuid, client_app: ClientAppId }),
    handle: async ({ caller, params: { id }, body: { client_app }, request }) => {
      const { position } = await run(
        streamOf.member(id),
        () => ({ type: 'JoinClientApp', clientApp: client_app }),
        commandContext({ caller, request }, clock, 'join-client-app'),
      );
      return { body: { member_id: id, client_app }, position };
    },
  });
