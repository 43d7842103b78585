import type { DomainEvent } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { memberId, walletId } from '../support/wallets.ts';

const at = '2026-03-14T09:26:53.589Z';
const key = { hash: 'a'.repeat(64), keyId: nameId('key'), memberId };
const permits = {
  ...{ aliases: ['demo', 'vendor/other'], scenarios: ['code'] },
  endpoints: ['/v1/chat/completions'],
};
const plan = {
  ...{ id: 'pro', ...permits },
  limits: { requestsPerMinute: 60, tokensPerMinute: 90_000, concurrent: 5 },
};

/** What operators and owners say of members, keys, aliases, client apps and the whole installation. */
export const permissionEvents: readonly DomainEvent[] = [
  { type: 'PlanAssigned', data: { memberId, plan: { ...plan, expiresAt: at } } },
  {
    type: 'PlanAssigned',
    data: {
      memberId,
      plan: {
        ...{ id: 'free', expiresAt: null, aliases: null, scenarios: null, endpoints: null },
        limits: { requestsPerMinute: null, tokensPerMinute: null, concurrent: null },
      },
    },
  },
  { type: 'PlanAssigned', data: { memberId, plan: null } },
  { type: 'ClientAppJoined', data: { memberId, clientApp: 'shop' } },
  { type: 'MemberDisabled', data: { memberId, reason: 'spam' } },
  { type: 'MemberEnabled', data: { memberId, reason: 'it was somebody else' } },
  {
    type: 'SettingsChanged',
    data: { defaultAlias: null, unknownAlias: null, plansUrl: null, accountUrl: null },
  },
  {
    type: 'SettingsChanged',
    data: {
      ...{ defaultAlias: 'demo', unknownAlias: 'demo' },
      ...{ plansUrl: 'https://shop.example/plans', accountUrl: 'https://shop.example/me' },
    },
  },
  {
    type: 'SettingsChanged',
    data: {
      ...{ defaultAlias: null, unknownAlias: null, plansUrl: null, accountUrl: null },
      apiKeysPerMember: 200,
    },
  },
  {
    type: 'ApiKeyIssued',
    data: {
      ...{ ...key, walletId, name: 'laptop 笔记本', prefix: 'sk-4fVb0aQ', at },
      permits: { ...permits, scenario: 'code' },
    },
  },
  {
    type: 'ApiKeyIssued',
    data: {
      ...{ ...key, walletId, name: 'phone', prefix: 'sk-9kQw1xZ', at },
      permits: { aliases: null, scenarios: null, endpoints: null, scenario: null },
    },
  },
  { type: 'ApiKeyEnded', data: { memberId, keyId: nameId('key') } },
  {
    type: 'AliasChanged',
    data: {
      ...{ alias: 'demo', description: null, sampling: {}, systemPrompt: null, scenario: null },
      limits: { requestsPerMinute: null, tokensPerMinute: null, concurrent: null },
    },
  },
  {
    type: 'AliasChanged',
    data: {
      ...{ alias: 'demo', description: 'For short answers 短', systemPrompt: 'Be short.' },
      sampling: {
        ...{ temperature: 0.2, top_p: 0.9, top_k: 40, seed: 7, stop: ['\n\n', 'END'] },
        ...{ presence_penalty: -0.5, frequency_penalty: 0.5, reasoning_effort: 'low' },
      },
      ...{ scenario: 'chat', limits: plan.limits },
    },
  },
  {
    type: 'AliasChanged',
    data: {
      ...{ alias: 'demo', description: null, sampling: { stop: 'END' }, systemPrompt: null },
      ...{ scenario: null, limits: plan.limits },
    },
  },
  {
    type: 'AliasChanged',
    data: {
      ...{ alias: 'demo', description: null, sampling: {}, systemPrompt: null, scenario: null },
      ...{ limits: plan.limits, maxInputTokens: 200_000 },
    },
  },
  { type: 'ClientAppChanged', data: { clientApp: 'shop', scenario: 'chat' } },
  { type: 'ClientAppChanged', data: { clientApp: 'shop', scenario: null } },
  {
    type: 'ApiKeyPermitted',
    data: {
      ...key,
      permits: { ...permits, scenario: 'code' },
    },
  },
  {
    type: 'ApiKeyPermitted',
    data: {
      ...key,
      permits: { aliases: null, scenarios: null, endpoints: null, scenario: null },
    },
  },
];
