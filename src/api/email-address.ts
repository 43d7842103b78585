import { createHmac } from 'node:crypto';
import { z } from 'zod';

/** An address in the one spelling that it is compared by: trimmed, lower case, composed. */
export const EmailAddress = z
  .string()
  .max(300)
  .transform((text) => text.trim().normalize('NFC').toLowerCase())
  .pipe(z.email().max(254));

/** Names an address without telling it: a keyed hash, in hex. The key never leaves the vault. */
export type HashEmail = (address: string) => string;

export const emailHasher =
  (key: Uint8Array): HashEmail =>
  (address) =>
    createHmac('sha256', key).update(address).digest('hex');
