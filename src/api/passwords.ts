import { hash, verify } from '@node-rs/argon2';
import { z } from 'zod';

/** What a new password must be. */
export const NewPassword = z.string().min(8).max(200);
/** What is compared with one, whatever rules held when it was made. */
export const GivenPassword = z.string().min(1).max(1_000);

/** argon2id, by the library's defaults: 19 MiB, two passes. */
export const hashPassword = (password: string): Promise<string> => hash(password);

/** Whether a password is the one behind a hash; takes as long when there is none. */
export type PasswordCheck = (
  password: string,
  passwordHash: string | undefined,
) => Promise<boolean>;

export function passwordCheck(): PasswordCheck {
  const nobodys = hash('nobody signs in with this');
  return async (password, passwordHash) => {
    const right = await verify(passwordHash ?? (await nobodys), password);
    return passwordHash !== undefined && right;
  };
}
