import { z } from 'zod';
import { Uuid } from '../domain/ids.ts';
import type { Access } from './auth.ts';
import { ApiError } from './errors.ts';
import type { Unseal } from './registration.ts';
import { registrationOf } from './registration.ts';
import { route } from './route.ts';

/** Who a member is, as themselves told. */
export type Profile = (
  memberId: string,
) => Promise<{ readonly email: string; readonly username: string | null }>;

export const profileReader =
  ({ member }: Pick<Access, 'member'>, unseal: Unseal): Profile =>
  async (memberId) => {
    const found = await member(memberId);
    if (!found) throw new ApiError('member_not_found');
    const { email, username } = await registrationOf(unseal, memberId, found.sealed);
    return { email, username };
  };

export const profile = (profileOf: Profile) =>
  route({
    method: 'GET',
    path: '/api/profile',
    who: 'session',
    summary: 'Who I am',
    reply: z.object({
      member_id: Uuid,
      wallet_id: Uuid,
      email: z.string(),
      username: z.string().nullable(),
      admin: z.boolean(),
    }),
    handle: async ({ caller: { memberId, walletId, admin } }) => ({
      body: { member_id: memberId, wallet_id: walletId, ...(await profileOf(memberId)), admin },
    }),
  });
