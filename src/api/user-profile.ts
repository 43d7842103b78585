import { z } from 'zod';
import type { Profile } from './profile.ts';
import { route } from './route.ts';

/** What a client app shows of its user; the plan is null while there are no plans. */
export const UserProfile = z.object({
  email: z.string(),
  username: z.string().nullable(),
  user_plan: z.string().nullable(),
  expire_at: z.string().nullable(),
});

export const userProfile = (profileOf: Profile) =>
  route({
    method: 'GET',
    path: '/v1/user-profile',
    who: 'key',
    summary: 'Whose key this is',
    reply: UserProfile,
    handle: async ({ caller }) => ({
      body: { ...(await profileOf(caller.memberId)), user_plan: null, expire_at: null },
    }),
  });
