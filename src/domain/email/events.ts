import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Instant, Uuid } from '../ids.ts';

/** HMAC-SHA-256 of the normalised address, in hex, under a key of the vault. */
export const EmailHash = z.string().regex(/^[0-9a-f]{64}$/);

const EmailClaimed = z.object({
  emailHash: EmailHash,
  memberId: Uuid,
  walletId: Uuid,
  /** SHA-256 of the code in the mail, in hex. */
  codeHash: z.string(),
  /** The registration (address, name, password hash), sealed under the member's key. */
  sealed: z.string(),
  expiresAt: Instant,
  /** The member whose unverified registration this one takes the place of. */
  replaces: Uuid.nullable(),
});

const EmailOwned = z.object({ emailHash: EmailHash, memberId: Uuid, walletId: Uuid });

export const emailEvents = { EmailClaimed, EmailOwned };
export type EmailEvent = EventOf<typeof emailEvents>;
