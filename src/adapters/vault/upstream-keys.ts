import { createHmac, randomUUID } from 'node:crypto';
import type { ProviderKey } from '../../domain/upstream/events.ts';
import type { Secrets } from './secrets.ts';

/** The keys of upstreams, of which events say only that they are there. */
export interface UpstreamKeys {
  /** Keeps keys in the vault; those that an upstream has already are found, and not kept again. */
  keep(
    id: string,
    apiKeys: readonly string[],
    has: readonly ProviderKey[],
  ): Promise<readonly ProviderKey[]>;
  /** Rejects when the vault doesn't have it. */
  keyOf(id: string, key: ProviderKey): Promise<string>;
}

/** What every such secret's name begins with. */
export const upstreamKeyPrefix = 'upstream-key/';

const nameOf = (id: string, keyId: string): string => `${upstreamKeyPrefix}${id}/${keyId}`;

/** Nothing that is kept is ever overwritten: an event that names a key will always find that one. */
export function upstreamKeys(vault: Secrets): UpstreamKeys {
  async function fingerprintOf(apiKey: string): Promise<string> {
    // With a secret in it, so that nobody who reads events can try keys.
    const secret = await vault.secret('upstream-fingerprints');
    return createHmac('sha256', secret).update(apiKey).digest('hex').slice(0, 12);
  }

  return {
    async keep(id, apiKeys, has) {
      const keys: ProviderKey[] = [];
      for (const apiKey of new Set(apiKeys)) {
        const fingerprint = await fingerprintOf(apiKey);
        const known = has.find((key) => key.fingerprint === fingerprint);
        const key = known ?? { keyId: randomUUID(), fingerprint };
        if (!known) await vault.keep(nameOf(id, key.keyId), Buffer.from(apiKey));
        keys.push(key);
      }
      return keys;
    },
    async keyOf(id, { keyId }) {
      const kept = await vault.kept(nameOf(id, keyId));
      if (!kept) throw new Error(`The vault has no key ${keyId} of the upstream ${id}.`);
      return kept.toString();
    },
  };
}
