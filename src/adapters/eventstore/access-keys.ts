import type { KeyPermits } from '../../domain/api-key/events.ts';
import type { Recorded } from '../../domain/events.ts';
import type { AccessRows } from '../postgres/index-rows.ts';
import type { KeyOwner } from './access.ts';
import { newestSaid } from './newest-said.ts';

type OfKey = Extract<Recorded, { type: 'ApiKeyClaimed' | 'ApiKeyPermitted' | 'ApiKeyRevoked' }>;

/** The keys of the access index: those that are good, and the last that were revoked. */
export function accessKeys(mostRevoked: number) {
  const owners = new Map<string, KeyOwner>();
  const permits = newestSaid<KeyPermits>();
  const revoked = revokedKeys(mostRevoked);

  return {
    fill({ apiKeys, after }: AccessRows): void {
      for (const row of apiKeys) {
        if (revoked.has(row.hash)) continue;
        owners.set(row.hash, ownerOf(row));
        if (row.permits) permits.say(row.hash, row.permits, null);
      }
      revoked.notIn(after);
    },
    /** `isWhole`: the event comes with all that its stream has. */
    apply(event: OfKey, isWhole: boolean): void {
      const { hash } = event.data;
      if (event.type === 'ApiKeyRevoked') {
        owners.delete(hash);
        permits.forget(hash);
        revoked.add(hash, event.position);
        return;
      }
      const isSure = isWhole || owners.has(hash) || revoked.isAllKnownAt(event.position);
      if (revoked.has(hash) || !isSure) return;
      if (event.type === 'ApiKeyPermitted') {
        permits.say(hash, event.data.permits, event.revision);
        return;
      }
      const { keyId, memberId, walletId, name } = event.data;
      owners.set(hash, { keyId, memberId, walletId, name });
    },
    of(hash: string): KeyOwner | 'revoked' | undefined {
      const owner = owners.get(hash);
      if (!owner) return revoked.has(hash) ? 'revoked' : undefined;
      const permitted = permits.of(hash);
      return permitted ? { ...owner, permits: permitted } : owner;
    },
  };
}

/**
 * The keys that were revoked last. Of those that are forgotten it is known up to where in the log they
 * were revoked: what is older than that may be one of them, and only a key's own stream can tell.
 */
function revokedKeys(most: number) {
  const positions = new Map<string, bigint>();
  let forgottenTo = -1n;
  const notIn = (to: bigint | null) => {
    if (to !== null && to > forgottenTo) forgottenTo = to;
  };
  return {
    add(hash: string, position: bigint): void {
      positions.delete(hash);
      positions.set(hash, position);
      const [oldest] = positions;
      if (positions.size <= most || !oldest) return;
      positions.delete(oldest[0]);
      notIn(oldest[1]);
    },
    /** Those that were revoked up to here were never told of. */
    notIn,
    has: (hash: string) => positions.has(hash),
    /** Whether no key that is forgotten was revoked after this. */
    isAllKnownAt: (position: bigint) => position > forgottenTo,
  };
}

const ownerOf = (row: AccessRows['apiKeys'][number]): KeyOwner => ({
  keyId: row.key_id,
  memberId: row.member_id,
  walletId: row.wallet_id,
  name: row.name,
});
