import { latest, projection } from './projection.ts';

/** Which roles a member has; read together with `members`. */
export const memberRoles = projection(
  'member_roles',
  {
    version: 1,
    key: { member_id: 'uuid', role: 'text' },
    columns: { granted: latest('boolean'), since: latest('timestamptz') },
  },
  {
    RoleGranted: ({ data, meta }) => [
      { member_id: data.memberId, role: data.role, granted: true, since: meta.recordedAt },
    ],
  },
);
