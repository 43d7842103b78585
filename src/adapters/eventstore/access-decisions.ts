import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import type { Recorded } from '../../domain/events.ts';
import type { MemberPlan } from '../../domain/member/events.ts';
import type { AccessRows } from '../postgres/index-rows.ts';
import { newestSaid } from './newest-said.ts';

/** What is decided of a member, and may be decided otherwise again. */
export interface MemberDecisions {
  readonly disabled: boolean;
  readonly plan: MemberPlan | null;
  readonly clientApp: string | null;
}

/** The part of the access index's memory that goes to and fro: of each thing the newest word counts. */
export function accessDecisions(scenarios: Pick<ScenarioNames, 'write'>) {
  const plans = newestSaid<MemberPlan | null>();
  const clientApps = newestSaid<string>();
  const disabled = newestSaid<boolean>();

  const sayPlan = (memberId: string, plan: MemberPlan | null, revision: bigint | null) => {
    plans.say(memberId, plan, revision);
    scenarios.write(plan?.scenarios ?? []);
  };

  return {
    fill({ members }: AccessRows): void {
      for (const { member_id: id, plan, client_app: app, disabled: isShut } of members) {
        sayPlan(id, plan, null);
        disabled.say(id, isShut, null);
        if (app !== null) clientApps.say(id, app, null);
      }
    },
    /** The member of whom something was decided; undefined: nothing was. */
    apply({ type, data, revision }: Recorded): string | undefined {
      switch (type) {
        case 'PlanAssigned':
          sayPlan(data.memberId, data.plan, revision);
          break;
        case 'ClientAppJoined':
          clientApps.say(data.memberId, data.clientApp, revision);
          break;
        case 'MemberDisabled':
        case 'MemberEnabled':
          disabled.say(data.memberId, type === 'MemberDisabled', revision);
          break;
        default:
          return undefined;
      }
      return data.memberId;
    },
    of: (memberId: string): MemberDecisions => ({
      disabled: disabled.of(memberId) ?? false,
      plan: plans.of(memberId) ?? null,
      clientApp: clientApps.of(memberId) ?? null,
    }),
  };
}
