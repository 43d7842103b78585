import { latest, projection } from './projection.ts';

export const memberRoles = projection(
  'member_roles',
  {
    meaning: 'One row a member and role: what members may do beyond their own affairs.',
    group: 'analytics',
    version: 1,
    key: { member_id: 'uuid', role: 'text' },
    columns: {
      granted: latest('boolean', 'whether the member has it'),
      since: latest('timestamptz', 'when that was decided'),
    },
  },
  {
    RoleGranted: ({ data, meta }) => [
      { member_id: data.memberId, role: data.role, granted: true, since: meta.recordedAt },
    ],
  },
);
