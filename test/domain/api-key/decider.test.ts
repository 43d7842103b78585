import test from 'ava';
import { apiKey } from '../../../src/domain/api-key/decider.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { given } from '../../support/given.ts';

const memberId = nameId('ann');
const key = {
  hash: 'c'.repeat(64),
  keyId: nameId('key'),
  memberId,
  walletId: nameId('wallet'),
  name: 'laptop',
  prefix: 'sk-abcdef',
};
const claimed = { type: 'ApiKeyClaimed' as const, data: key };
const revoked = {
  type: 'ApiKeyRevoked' as const,
  data: { hash: key.hash, keyId: key.keyId, memberId },
};

test('a key is claimed once, by one member', (t) => {
  given(apiKey)(t)
    .when({ type: 'ClaimApiKey', ...key })
    .yields(claimed);
  given(
    apiKey,
    claimed,
  )(t)
    .when({ type: 'ClaimApiKey', ...key })
    .yields();
  given(
    apiKey,
    claimed,
  )(t)
    .when({ type: 'ClaimApiKey', ...key, keyId: nameId('another') })
    .isRefused('claim_conflict');
});

test('only its member revokes a key, once', (t) => {
  given(apiKey, claimed)(t).when({ type: 'RevokeApiKey', memberId }).yields(revoked);
  given(apiKey, claimed, revoked)(t).when({ type: 'RevokeApiKey', memberId }).yields();
  given(
    apiKey,
    claimed,
  )(t)
    .when({ type: 'RevokeApiKey', memberId: nameId('bob') })
    .isRefused('api_key_not_found');
  given(apiKey)(t).when({ type: 'RevokeApiKey', memberId }).isRefused('api_key_not_found');
});

test('a revoked key is never claimed again', (t) => {
  given(
    apiKey,
    claimed,
    revoked,
  )(t)
    .when({ type: 'ClaimApiKey', ...key })
    .isRefused('claim_conflict');
});
