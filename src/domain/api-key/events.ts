import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';

const ApiKeyClaimed = z.object({
  /** SHA-256 of the key, in hex; the key itself is kept nowhere. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  keyId: Uuid,
  memberId: Uuid,
  walletId: Uuid,
  name: z.string(),
  prefix: z.string(),
});

const ApiKeyRevoked = z.object({ hash: ApiKeyClaimed.shape.hash, keyId: Uuid, memberId: Uuid });

export const apiKeyEvents = { ApiKeyClaimed, ApiKeyRevoked };
export type ApiKeyEvent = EventOf<typeof apiKeyEvents>;
