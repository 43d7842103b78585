import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Instant, Uuid } from '../ids.ts';

export const EmailHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('HMAC-SHA-256 of the normalised address, in hex, under a key of the vault');

const EmailClaimed = z
  .object({
    emailHash: EmailHash,
    memberId: Uuid.describe('the member that signing up makes'),
    walletId: Uuid.describe('the wallet that this member will have'),
    codeHash: z.string().describe('SHA-256 of the code in the mail, in hex'),
    sealed: z.string().describe(`address, name and password hash, sealed under the member's key`),
    expiresAt: Instant.describe('when the code is no longer good'),
    replaces: Uuid.nullable().describe(
      'the member whose unverified registration this one takes the place of',
    ),
  })
  .describe('Somebody signed up with an address and was sent a code; nothing is proven yet.');

const EmailOwned = z
  .object({ emailHash: EmailHash, memberId: Uuid, walletId: Uuid })
  .describe('The code was shown: the address belongs to this member.');

export const emailEvents = { EmailClaimed, EmailOwned };
export type EmailEvent = EventOf<typeof emailEvents>;
