import { z } from 'zod';
import type { Profile } from './profile.ts';
import { route } from './route.ts';

/** What a client app shows of its user; null: no plan, or one without an end. */
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
    handle: async ({ caller: { memberId, plan } }) => ({
      body: {
        ...(await profileOf(memberId)),
        user_plan: plan?.id ?? null,
        expire_at: plan?.expiresAt ?? null,
      },
    }),
  });
