import type { DomainEvent } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { memberId, walletId } from '../support/wallets.ts';
import { permissionEvents } from './permission-events.ts';
import { dear, whole } from './prices.ts';

const at = '2026-03-14T09:26:53.589Z';
const hash = (digit: string) => digit.repeat(64);
const emailHash = hash('e');

const ids = { memberId, walletId };
const sealed = 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..Zm9yIGV4YW1wbGU.c2VhbGVk.dGFn';
const claimed = {
  ...{ emailHash, ...ids, sealed, codeHash: hash('c') },
  expiresAt: '2026-03-15T09:26:53.589Z',
};

const ofBalance = { projection: 'balance', schema: 'balance_v2' };

/** The events of every noun but the wallet, as its decider writes them. */
export const otherEvents: readonly DomainEvent[] = [
  { type: 'EmailClaimed', data: { ...claimed, replaces: null } },
  { type: 'EmailClaimed', data: { ...claimed, replaces: nameId('squatter') } },
  { type: 'EmailOwned', data: { emailHash, ...ids } },
  { type: 'MemberRegistered', data: { ...ids, emailHash, sealed } },
  { type: 'RegistrationSuperseded', data: { memberId: nameId('squatter'), by: memberId } },
  { type: 'EmailVerified', data: { ...ids, emailHash } },
  {
    type: 'LoginSucceeded',
    data: {
      ...{ memberId, sessionId: nameId('session'), sealedClient: sealed },
      expiresAt: '2026-03-21T09:26:53.589Z',
    },
  },
  { type: 'LoginFailed', data: { memberId, reason: 'wrong_password', sealedClient: sealed } },
  { type: 'LoginFailed', data: { memberId, reason: 'email_unverified', sealedClient: sealed } },
  { type: 'LoggedOut', data: { memberId, sessionId: nameId('session') } },
  { type: 'RoleGranted', data: { memberId, role: 'admin' } },
  { type: 'FirstAdminAppointed', data: ids },
  {
    type: 'ApiKeyClaimed',
    data: {
      ...{ hash: hash('a'), keyId: nameId('key'), ...ids },
      ...{ name: 'laptop 笔记本', prefix: 'sk-4fVb0aQ' },
    },
  },
  ...permissionEvents,
  { type: 'ApiKeyRevoked', data: { hash: hash('a'), keyId: nameId('key'), memberId } },
  {
    type: 'PriceListPublished',
    data: {
      ...{ alias: 'demo', version: 3, currency: 'CNY', effectiveAt: at },
      ...{ prices: { input: '2.5', cachedInput: '0.25', output: '10' }, defaultMaxOutput: 4096 },
    },
  },
  {
    type: 'PriceListPublished',
    data: {
      ...{ alias: 'demo', version: 4, currency: 'CNY', effectiveAt: at, defaultMaxOutput: 4096 },
      prices: dear.prices,
    },
  },
  {
    type: 'PriceListPublished',
    data: {
      ...{ alias: 'demo', version: 5, currency: 'CNY', effectiveAt: at, defaultMaxOutput: 4096 },
      prices: whole.prices,
    },
  },
  {
    type: 'PriceListPublished',
    data: {
      ...{ alias: 'demo', version: 6, currency: 'CNY', effectiveAt: at, defaultMaxOutput: 4096 },
      prices: dear.prices,
      origin: {
        ...{ catalogue: 'prices@1.2.3', provider: 'openai', model: 'gpt-4o' },
        ...{ rate: '7.1', markup: '1.2' },
      },
    },
  },
  { type: 'AliasWithdrawn', data: { alias: 'demo', version: 6 } },
  { type: 'RouteRemoved', data: { alias: 'demo' } },
  {
    type: 'RouteChanged',
    data: {
      alias: 'demo',
      strategy: 'auto',
      scoring: { load: 1, cost: 2.5, latency: 0, health: 1 },
      sticky: true,
      hangUp: 'drain',
      candidates: [
        { upstream: 'openai', model: 'gpt-5-mini', weight: 3 },
        {
          ...{ upstream: 'deepseek', model: 'deepseek-chat', weight: 0.5, priority: 2 },
          cost: { input: '2', cachedInput: '0.2', output: '3' },
          conditions: {
            ...{ plans: ['pro'], clientApps: ['app-1'], apiKeys: [nameId('key')] },
            ...{ scenarios: ['code'], inputTokens: { min: 1, max: 32_000 } },
            hours: { from: '22:00', to: '06:30', days: [1, 7], timeZone: 'Asia/Shanghai' },
          },
        },
        {
          ...{ upstream: 'sandbox', model: 'demo', weight: 1 },
          conditions: {
            ...{ scenarios: ['test'], inputTokens: {} },
            hours: { from: '00:00', to: '12:00', timeZone: 'UTC' },
          },
        },
        { upstream: 'sandbox', model: 'any', weight: 1, conditions: { plans: ['free'] } },
        {
          ...{ upstream: 'claude', model: 'claude-haiku-4-5', weight: 1 },
          cost: { ...whole.prices, currency: 'USD' },
        },
      ],
    },
  },
  {
    type: 'BudgetSet',
    data: {
      ...{ budgetId: 'openai', scope: { kind: 'upstream', value: 'openai' }, currency: 'USD' },
      ...{ daily: '20', monthly: null, whenSpent: 'leave_out' },
    },
  },
  {
    type: 'BudgetSet',
    data: {
      ...{ budgetId: 'code', scope: { kind: 'scenario', value: 'code' }, currency: 'CNY' },
      ...{ daily: null, monthly: '1500.5', whenSpent: 'refuse' },
    },
  },
  {
    type: 'BudgetThresholdReached',
    data: {
      ...{ budgetId: 'openai', scope: { kind: 'upstream', value: 'openai' }, window: 'day' },
      ...{ of: '2026-03-14', percent: 50, spent: '10.000125', most: '20', currency: 'USD' },
    },
  },
  { type: 'BudgetEnded', data: { budgetId: 'openai' } },
  {
    type: 'UpstreamChanged',
    data: {
      ...{ id: 'openai_eu', kind: 'azure', capacity: 64, enabled: true },
      baseUrl: 'https://example.openai.azure.com?api-version=2024-10-21',
      keys: [
        { keyId: nameId('first key'), fingerprint: '0123456789ab' },
        { keyId: nameId('second key'), fingerprint: 'ba9876543210' },
      ],
    },
  },
  {
    type: 'UpstreamChanged',
    data: {
      ...{ id: 'own', kind: 'openai_like', capacity: null, enabled: false, keys: [] },
      baseUrl: 'http://127.0.0.1:11434/v1',
    },
  },
  { type: 'UpstreamRemoved', data: { id: 'own' } },
  { type: 'EventSkipped', data: { ...ofBalance, position: '4711' } },
  { type: 'RebuildRequested', data: { projection: 'balance' } },
  { type: 'DifferenceAccepted', data: ofBalance },
  {
    type: 'CommandClaimed',
    data: { bodyHash: hash('b'), stream: `wallet-${walletId}@0`, revision: '41' },
  },
  { type: 'CommandClaimed', data: { bodyHash: hash('d'), stream: 'route-demo', revision: '-1' } },
  {
    type: 'CommandDone',
    data: { reply: { status: 201, body: { lot_id: nameId('paid'), amount: '5', tags: [null] } } },
  },
  {
    type: 'CommandRefused',
    data: {
      code: 'insufficient_quota',
      message: 'This call may cost up to 0.0004.',
      retryAfterSeconds: null,
    },
  },
  {
    type: 'CommandRefused',
    data: {
      code: 'rate_limit_exceeded',
      message: 'No more requests this minute.',
      retryAfterSeconds: 12,
    },
  },
];
