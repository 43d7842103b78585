import { z } from 'zod';
import { KeyPermits } from '../domain/api-key/events.ts';
import { Instant, Uuid } from '../domain/ids.ts';
import type { PageByMoment, PageOf } from './page.ts';
import { olderThan, page } from './page.ts';
import { first, latest, projection } from './projection.ts';
import { fragment, query } from './query.ts';

export const apiKeys = projection(
  'api_keys',
  {
    meaning: 'One row an API key that was ever made; the key itself is kept nowhere.',
    group: 'analytics',
    version: 2,
    key: { key_id: 'uuid' },
    columns: {
      hash: first('text', 'SHA-256 of the key, in hex'),
      member_id: first('uuid'),
      wallet_id: first('uuid'),
      name: first('text', 'what its member calls it'),
      prefix: first('text', 'the first characters of the key, by which its member knows it'),
      permits: latest('jsonb', 'aliases, scenarios and endpoints it is good for; null: all'),
      created_at: first('timestamptz', 'when it was made'),
      revoked_at: latest('timestamptz', 'null: it is good'),
    },
    indexes: ['(member_id, created_at DESC, key_id DESC)'],
  },
  {
    ApiKeyClaimed: ({ data, meta }) => [
      {
        key_id: data.keyId,
        hash: data.hash,
        member_id: data.memberId,
        wallet_id: data.walletId,
        name: data.name,
        prefix: data.prefix,
        created_at: meta.recordedAt,
      },
    ],
    ApiKeyPermitted: ({ data }) => [{ key_id: data.keyId, permits: data.permits }],
    ApiKeyRevoked: ({ data, meta }) => [{ key_id: data.keyId, revoked_at: meta.recordedAt }],
  },
);

export const ApiKeyRow = z.object({
  id: Uuid,
  name: z.string(),
  prefix: z.string(),
  permits: KeyPermits.nullable(),
  created_at: Instant,
  revoked_at: Instant.nullable(),
});
export type ApiKeyRow = z.infer<typeof ApiKeyRow>;

/** A member's keys, the newest first; revoked ones say when. */
export const listApiKeys = (memberId: string, { limit, after }: PageByMoment) =>
  query(ApiKeyRow)`
    SELECT key_id AS id, name, prefix, permits, created_at, revoked_at
    FROM read.api_keys
    WHERE member_id = ${memberId} AND ${olderThan(after, fragment`created_at, key_id`)}
    ORDER BY created_at DESC, key_id DESC
    LIMIT ${limit + 1}`;

export const apiKeysPage = (rows: readonly ApiKeyRow[], wanted: PageOf<unknown>) =>
  page(rows, wanted, (row) => [row.created_at, row.id]);

const KeyHash = z.object({ hash: z.string() });

/** The hash, and so the stream, of a member's key. */
export const hashOfKey = (memberId: string, keyId: string) =>
  query(KeyHash)`
    SELECT hash FROM read.api_keys WHERE key_id = ${keyId} AND member_id = ${memberId}`;

const KeyOwner = z.object({ hash: z.string(), member_id: Uuid, permits: KeyPermits.nullable() });

/** A key's hash, whose it is, and what it is good for. */
export const ownerOfKey = (keyId: string) =>
  query(KeyOwner)`SELECT hash, member_id, permits FROM read.api_keys WHERE key_id = ${keyId}`;

const Known = z.object({ known: z.boolean() });

/** Whether a wallet has this key, revoked or not. */
export const isKeyOfWallet = (keyId: string, walletId: string) =>
  query(Known)`
    SELECT true AS known FROM read.api_keys WHERE key_id = ${keyId} AND wallet_id = ${walletId}`;

export const IndexedKey = z.object({
  hash: z.string(),
  key_id: Uuid,
  member_id: Uuid,
  wallet_id: Uuid,
  name: z.string(),
  prefix: z.string(),
  permits: KeyPermits.nullable(),
});

/** Every key that is good, as the access index of a process starts from them. */
export const indexedKeys = () =>
  query(IndexedKey)`
    SELECT hash, key_id, member_id, wallet_id, name, prefix, permits
    FROM read.api_keys WHERE revoked_at IS NULL`;
