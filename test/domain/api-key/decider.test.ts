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
    .when({ type: 'ClaimApiKey', ...key, keyId: nameId('another') })
    .isRefused('claim_conflict');
  // Whoever made it may be told late that it is claimed.
  given(
    apiKey,
    claimed,
    revoked,
  )(t)
    .when({ type: 'ClaimApiKey', ...key })
    .yields();
});

const all = { aliases: null, scenarios: null, endpoints: null, scenario: null };
const permitted = (permits: { aliases?: string[] | null }) => ({
  type: 'ApiKeyPermitted' as const,
  data: { hash: key.hash, keyId: key.keyId, memberId, permits: { ...all, ...permits } },
});

test('a key is made for everything, or for what is said with it', (t) => {
  const claim = { type: 'ClaimApiKey' as const, ...key };
  given(apiKey)(t)
    .when({ ...claim, permits: {} })
    .yields(claimed);
  given(apiKey)(t)
    .when({ ...claim, permits: { aliases: ['demo'] } })
    .yields(claimed, permitted({ aliases: ['demo'] }));
});

test('what a key is good for is its member’s to change, bit by bit', (t) => {
  const permit = (permits: object, by = memberId) => ({
    type: 'PermitApiKey' as const,
    memberId: by,
    permits,
  });
  given(apiKey, claimed)(t).when(permit({})).yields();
  given(
    apiKey,
    claimed,
  )(t)
    .when(permit({ aliases: [] }))
    .yields(permitted({ aliases: [] }));
  const one = permitted({ aliases: ['demo'] });
  given(
    apiKey,
    claimed,
    one,
  )(t)
    .when(permit({ aliases: ['demo'] }))
    .yields();
  given(
    apiKey,
    claimed,
    one,
  )(t)
    .when(permit({ aliases: null }))
    .yields(permitted({}));
  given(
    apiKey,
    claimed,
  )(t)
    .when(permit({}, nameId('bob')))
    .isRefused('api_key_not_found');
  given(apiKey)(t).when(permit({})).isRefused('api_key_not_found');
});
