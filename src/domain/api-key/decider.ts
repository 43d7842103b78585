import type { Decider } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import type { ApiKeyEvent } from './events.ts';

type Claimed = Extract<ApiKeyEvent, { type: 'ApiKeyClaimed' }>['data'];

export type ApiKeyCommand =
  | ({ readonly type: 'ClaimApiKey' } & Claimed)
  | { readonly type: 'RevokeApiKey'; readonly memberId: string };

export type ApiKey =
  | { readonly status: 'unclaimed' }
  | { readonly status: 'active' | 'revoked'; readonly key: Claimed };

/** A key's life: claimed once, revoked once, never anybody else's. */
export const apiKey: Decider<ApiKeyCommand, ApiKeyEvent, ApiKey> = {
  initialState: { status: 'unclaimed' },
  decide(command, state) {
    switch (command.type) {
      case 'ClaimApiKey':
        return claim(command, state);
      case 'RevokeApiKey':
        return revoke(command.memberId, state);
    }
  },
  evolve(state, event) {
    switch (event.type) {
      case 'ApiKeyClaimed':
        return { status: 'active', key: event.data };
      case 'ApiKeyRevoked':
        return state.status === 'unclaimed' ? state : { status: 'revoked', key: state.key };
    }
  },
};

function claim(
  { type: _, ...key }: Extract<ApiKeyCommand, { type: 'ClaimApiKey' }>,
  state: ApiKey,
): readonly ApiKeyEvent[] {
  if (state.status === 'unclaimed') return [{ type: 'ApiKeyClaimed', data: key }];
  if (state.status === 'active' && state.key.keyId === key.keyId) return [];
  throw new Rejection('claim_conflict', 'This key belongs to somebody already.');
}

function revoke(memberId: string, state: ApiKey): readonly ApiKeyEvent[] {
  if (state.status === 'unclaimed' || state.key.memberId !== memberId) {
    throw new Rejection('api_key_not_found', 'No such key.');
  }
  if (state.status === 'revoked') return [];
  const { hash, keyId } = state.key;
  return [{ type: 'ApiKeyRevoked', data: { hash, keyId, memberId } }];
}
