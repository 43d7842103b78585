import { latest, projection } from './projection.ts';

export const memberPlans = projection(
  'member_plans',
  {
    meaning: 'One row a member that ever had a plan: which one it has now.',
    group: 'analytics',
    version: 1,
    key: { member_id: 'uuid' },
    columns: {
      has_plan: latest('boolean', 'false: none any more, so that everything is permitted'),
      plan: latest('jsonb', 'its id, end, permissions and limits; of the last one, if it has none'),
      since: latest('timestamptz', 'when that was decided'),
    },
  },
  {
    PlanAssigned: ({ data: { memberId, plan }, meta }) => [
      {
        ...{ member_id: memberId, has_plan: plan !== null, since: meta.recordedAt },
        ...(plan === null ? {} : { plan }),
      },
    ],
  },
);
