import { randomBytes } from 'node:crypto';
import type { DatabasePool } from 'slonik';
import { z } from 'zod';
import { query, statement } from '../../projections/query.ts';
import { fromBytes, sealWith, toBytes, unsealWith, unwrapWith, wrapWith } from './sealing.ts';
import { KeyErased, KeyMissing } from './vault-faults.ts';

const Row = z.object({ wrapped: z.string().nullable() });
const mostCached = 10_000;

/** Each member's own key, which their personal data in events is sealed under. */
export interface MemberKeys {
  /** Makes a member's key, once. */
  createKey(memberId: string): Promise<void>;
  /** Destroys it, and with it what was sealed; the tombstone stays. */
  eraseKey(memberId: string): Promise<void>;
  /** Throws `KeyMissing` or `KeyErased`. */
  seal(memberId: string, value: unknown): Promise<string>;
  /** Throws `KeyMissing` or `KeyErased`. */
  unseal(memberId: string, sealed: string): Promise<unknown>;
}

export function memberKeys(pool: DatabasePool, masterKey: Uint8Array): MemberKeys {
  const cache = new Map<string, Uint8Array>();

  const keyOf = async (memberId: string): Promise<Uint8Array> => {
    const cached = cache.get(memberId);
    if (cached) return cached;
    const row = await pool.maybeOne(
      query(Row)`SELECT wrapped FROM vault.member_keys WHERE member_id = ${memberId}`,
    );
    if (!row) throw new KeyMissing(memberId);
    if (row.wrapped === null) throw new KeyErased(memberId);
    const key = await unwrapWith(masterKey, memberId, row.wrapped);
    remember(cache, memberId, key);
    return key;
  };

  return {
    async createKey(memberId) {
      const wrapped = await wrapWith(masterKey, memberId, randomBytes(32));
      await pool.query(statement`
        INSERT INTO vault.member_keys (member_id, wrapped) VALUES (${memberId}, ${wrapped})
        ON CONFLICT (member_id) DO NOTHING`);
    },
    async eraseKey(memberId) {
      await pool.query(statement`
        UPDATE vault.member_keys SET wrapped = NULL, erased_at = clock_timestamp()
        WHERE member_id = ${memberId} AND erased_at IS NULL`);
      cache.delete(memberId);
    },
    seal: async (memberId, value) => sealWith(await keyOf(memberId), memberId, toBytes(value)),
    unseal: async (memberId, sealed) =>
      fromBytes(await unsealWith(await keyOf(memberId), memberId, sealed)),
  };
}

function remember(cache: Map<string, Uint8Array>, memberId: string, key: Uint8Array): void {
  const oldest = cache.size >= mostCached ? cache.keys().next().value : undefined;
  if (oldest !== undefined) cache.delete(oldest);
  cache.set(memberId, key);
}
