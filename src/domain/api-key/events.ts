import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';

const ApiKeyClaimed = z
  .object({
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('SHA-256 of the key, in hex; the key itself is kept nowhere'),
    keyId: Uuid,
    memberId: Uuid,
    walletId: Uuid.describe('the wallet that the calls of this key are paid from'),
    name: z.string().describe('what its member calls it'),
    prefix: z.string().describe('the first characters of the key, by which its member knows it'),
  })
  .describe('A member made an API key; from now on it opens `/v1`.');

const ApiKeyRevoked = z
  .object({ hash: ApiKeyClaimed.shape.hash, keyId: Uuid, memberId: Uuid })
  .describe('A key was revoked: it never opens anything again.');

export const apiKeyEvents = { ApiKeyClaimed, ApiKeyRevoked };
export type ApiKeyEvent = EventOf<typeof apiKeyEvents>;
