import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Uuid } from '../ids.ts';
import { Permits, Scenario } from '../permits.ts';

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

export const KeyPermits = z.object({
  ...Permits.shape,
  scenario: Scenario.nullable().describe('of calls that name none'),
});
/** What a key may be used for. */
export type KeyPermits = z.infer<typeof KeyPermits>;

const ApiKeyPermitted = z
  .object({
    ...{ hash: ApiKeyClaimed.shape.hash, keyId: Uuid, memberId: Uuid },
    permits: KeyPermits,
  })
  .describe('What a key may be used for was set, from now on; before that, for everything.');

export const apiKeyEvents = { ApiKeyClaimed, ApiKeyPermitted, ApiKeyRevoked };
export type ApiKeyEvent = EventOf<typeof apiKeyEvents>;
