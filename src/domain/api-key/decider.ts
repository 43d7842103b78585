import type { Decider } from '../decider.ts';
import { everything } from '../permits.ts';
import { Rejection } from '../rejection.ts';
import type { ApiKeyEvent } from './events.ts';
import { KeyPermits } from './events.ts';

type Claimed = Extract<ApiKeyEvent, { type: 'ApiKeyClaimed' }>['data'];

export type ApiKeyCommand =
  | ({
      readonly type: 'ClaimApiKey';
      /** Absent: it is good for everything. */
      readonly permits?: Partial<KeyPermits>;
    } & Claimed)
  | {
      readonly type: 'PermitApiKey';
      readonly memberId: string;
      /** What is left out stays as it is. */
      readonly permits: Partial<KeyPermits>;
    }
  | { readonly type: 'RevokeApiKey'; readonly memberId: string };

export type ApiKey =
  | { readonly status: 'unclaimed' }
  | {
      readonly status: 'active' | 'revoked';
      readonly key: Claimed;
      readonly permits: KeyPermits;
    };

const unrestricted: KeyPermits = { ...everything, scenario: null };

/** A key's life: claimed once, revoked once, never anybody else's. */
export const apiKey: Decider<ApiKeyCommand, ApiKeyEvent, ApiKey> = {
  initialState: { status: 'unclaimed' },
  decide(command, state) {
    switch (command.type) {
      case 'ClaimApiKey':
        return claim(command, state);
      case 'PermitApiKey':
        return permit(command, state);
      case 'RevokeApiKey':
        return revoke(command.memberId, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'ApiKeyClaimed':
        return { status: 'active', key: event.data, permits: unrestricted };
      case 'ApiKeyPermitted':
        return state.status === 'unclaimed' ? state : { ...state, permits: event.data.permits };
      case 'ApiKeyRevoked':
        return state.status === 'unclaimed' ? state : { ...state, status: 'revoked' };
    }
  },
};

function claim(
  { type: _, permits, ...key }: Extract<ApiKeyCommand, { type: 'ClaimApiKey' }>,
  state: ApiKey,
): readonly ApiKeyEvent[] {
  if (state.status === 'unclaimed') {
    const claimed: ApiKeyEvent = { type: 'ApiKeyClaimed', data: key };
    return [claimed, ...changed(key, { before: unrestricted, permits: permits ?? {} })];
  }
  // Whoever tells it again tells it late, perhaps of a key that was revoked meanwhile.
  if (state.key.keyId === key.keyId && state.key.memberId === key.memberId) return [];
  throw new Rejection('claim_conflict', 'This key belongs to somebody already.');
}

function permit(
  { memberId, permits }: Extract<ApiKeyCommand, { type: 'PermitApiKey' }>,
  state: ApiKey,
): readonly ApiKeyEvent[] {
  const { key, permits: before } = keyOf(memberId, state);
  return changed(key, { before, permits });
}

function changed(
  { hash, keyId, memberId }: Claimed,
  { before, permits }: { readonly before: KeyPermits; readonly permits: Partial<KeyPermits> },
): readonly ApiKeyEvent[] {
  const after = KeyPermits.parse({ ...before, ...permits });
  if (JSON.stringify(after) === JSON.stringify(KeyPermits.parse(before))) return [];
  return [{ type: 'ApiKeyPermitted', data: { hash, keyId, memberId, permits: after } }];
}

function revoke(memberId: string, state: ApiKey): readonly ApiKeyEvent[] {
  const { status, key } = keyOf(memberId, state);
  if (status === 'revoked') return [];
  const { hash, keyId } = key;
  return [{ type: 'ApiKeyRevoked', data: { hash, keyId, memberId } }];
}

function keyOf(memberId: string, state: ApiKey) {
  if (state.status !== 'unclaimed' && state.key.memberId === memberId) return state;
  throw new Rejection('api_key_not_found', 'No such key.');
}
