import { z } from 'zod';

/** What a member told of themselves; in events only sealed under their own key. */
export const Registration = z.object({
  email: z.string(),
  username: z.string().nullable(),
  passwordHash: z.string(),
});
export type Registration = z.infer<typeof Registration>;

export type Seal = (memberId: string, value: unknown) => Promise<string>;
export type Unseal = (memberId: string, sealed: string) => Promise<unknown>;

/** Reads what a member told at sign-up. */
export const registrationOf = async (
  unseal: Unseal,
  memberId: string,
  sealed: string,
): Promise<Registration> => Registration.parse(await unseal(memberId, sealed));
