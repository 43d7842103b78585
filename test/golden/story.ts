import type { CommandContext } from '../../src/domain/envelope.ts';
import type { DomainEvent, EventType } from '../../src/domain/events.ts';
import { eventsOfStream } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { Decimal } from '../../src/domain/money.ts';
import type { BookedCost } from '../../src/domain/wallet/call-events.ts';
import type {
  ChargedPart,
  CorrectUsage,
  PostLateSettlement,
  WalletCommand,
} from '../../src/domain/wallet/commands.ts';
import type { Step } from '../support/wallet-entries.ts';
import { entriesOf } from '../support/wallet-entries.ts';
import { limitOf } from '../support/wallet-story.ts';
import {
  abandonOf,
  ending,
  grantOf,
  memberId,
  price,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../support/wallets.ts';
import { permissionEvents } from './permission-events.ts';

const at = '2026-03-14T09:26:53.589Z';
const muchLater = '2026-03-15T00:00:00.000Z';
const hash = (digit: string) => digit.repeat(64);
const emailHash = hash('e');
const usage = { input: 60, cachedInput: 40, output: 20, reasoning: 5 };
const cached = { ...usage, cacheWrite: 7 };
const dear = {
  ...price,
  prices: { ...price.prices, cacheWrite: '1.25', reasoning: '4', request: '0.0001' },
};
const media = {
  ...cached,
  ...{ audioInput: 90, audioOutput: 30, imageInput: 12, imageOutput: 16 },
  ...{ images: 1, seconds: 9, characters: 5 },
};
/** A list that sells everything there is. */
const whole = {
  ...dear,
  prices: {
    ...dear.prices,
    ...{ audioInput: '6', audioOutput: '12', imageInput: '8', imageOutput: '30' },
    ...{ image: '0.0004', second: '0.00001', character: '0.000015' },
  },
};
const mayCost = {
  ...{ upstream: 'openai', asset: 'USD' },
  ...{ fixed: new Decimal('0.000025'), perOutput: new Decimal('0.000001') },
};
const possibleCosts = [{ upstream: 'openai', asset: 'USD', amount: '0.000125' }];
/** Of three attempts: nobody wrote down what the first was rated with. */
const costs = [
  ...possibleCosts,
  {
    ...{ upstream: 'deepseek', asset: 'CNY', amount: '0.000125' },
    rated: { usage, prices: price.prices },
  },
  {
    ...{ upstream: 'claude', asset: 'USD', amount: '0.000284' },
    ...{ scenario: 'code', plan: 'pro', clientApp: 'app-1' },
    rated: { usage: media, prices: whole.prices },
  },
];
const evidence = { basis: 'checkpoint', usage, characters: 180 } as const;
const failed = { ...ending, outcome: 'upstream_failed', firstTokenMs: null } as const;
const unasked = { ...failed, outcome: 'abandoned', upstream: null, upstreamModel: null } as const;
const inUnits = (call: string) =>
  reserveOf(call, {
    quotes: [{ asset: 'requests', fixed: new Decimal(1), perOutput: new Decimal(0) }],
  });
const inCharacters = (call: string) =>
  reserveOf(call, {
    quotes: [{ asset: 'characters', fixed: new Decimal(10), perOutput: new Decimal(4) }],
    at: muchLater,
  });
const lateOf = (call: string, more: Partial<PostLateSettlement> = {}): PostLateSettlement => ({
  type: 'PostLateSettlement',
  callId: nameId(call),
  usage,
  characters: null,
  ending,
  costs,
  overrun: 'absorbed',
  at,
  ...more,
});
/** By the time that it tells its end, another call holds what it would be charged. */
const spentLate = (call: string, cost: BookedCost): readonly WalletCommand[] => [
  inCharacters(call),
  abandonOf(call, { possibleCosts, at: muchLater }),
  inCharacters(`beside ${call}`),
  lateOf(call, { characters: 300, costs: [cost], at: muchLater }),
  releaseOf(`beside ${call}`, { at: muchLater }),
];
const correctionOf = (settlement: string, part: Partial<ChargedPart> = {}): CorrectUsage => ({
  type: 'CorrectUsage',
  eventId: nameId(settlement),
  ...{ callId: nameId('a'), memberId, model: 'demo', asset: 'CNY' },
  charged: [
    {
      ...{ kind: 'paid', priority: 0, expiresAt: null, scope: null },
      amount: new Decimal('0.00004'),
      ...part,
    },
  ],
  amount: new Decimal('0.00001'),
  reason: 'the answer was cut off',
  approver: nameId('support'),
  at,
});

/** A member's wallet through all that can happen to one, told once more after its books were closed. */
const chapter = (n: string): readonly Step[] => [
  limitOf({ apiKeyId: nameId('key'), window: 'minute', measure: 'tokens', most: '100000' }),
  limitOf({ window: 'total', measure: 'overdraft', most: '0.02' }),
  limitOf({ window: 'day', measure: 'money', most: '5' }),
  limitOf({ window: 'day', measure: 'money', most: null }),
  limitOf({ window: 'month', measure: 'requests', most: '5000' }),
  grantOf('0.01', {
    lotId: nameId(`plan ${n}`),
    kind: 'plan',
    expiresAt: muchLater,
    effectiveAt: at,
    scope: ['demo'],
    priority: -10,
  }),
  grantOf('30', { lotId: nameId(`requests ${n}`), kind: 'plan', asset: 'requests', past: 'block' }),
  reserveOf(`a${n}`, {
    call: { ...reserveOf(`a${n}`).call, clientRequestId: 'order-1187' },
    tokens: { fixed: new Decimal(100), perOutput: new Decimal(1) },
  }),
  settleOf(`a${n}`, usage, { costs, characters: 180 }),
  reserveOf(`b${n}`),
  releaseOf(`b${n}`, { ending: failed, costs }),
  reserveOf(`unasked ${n}`),
  releaseOf(`unasked ${n}`, { ending: unasked }),
  reserveOf(`c${n}`),
  abandonOf(`c${n}`, { evidence, costs }),
  lateOf(`c${n}`, { usage: { ...usage, output: 60 }, characters: 240 }),
  reserveOf(`d${n}`),
  abandonOf(`d${n}`, { ending: unasked, possibleCosts, costs }),
  lateOf(`d${n}`, { costs: costs.slice(2) }),
  reserveOf(`e${n}`),
  abandonOf(`e${n}`, { evidence, ending: unasked }),
  lateOf(`e${n}`, { ending: unasked, usage: { ...usage, output: 1 } }),
  inUnits(`f${n}`),
  abandonOf(`f${n}`, { evidence }),
  lateOf(`f${n}`, { ending: failed }),
  correctionOf(`settlement ${n}`, { scope: ['demo'], expiresAt: muchLater }),
  correctionOf(`settlement of paid ${n}`),
  inUnits(`g${n}`),
  inUnits(`k${n}`),
  abandonOf(`k${n}`, { evidence: { ...evidence, basis: 'usage' }, costs }),
  { type: 'RevokeCredit', lotId: nameId(`requests ${n}`), reason: 'the plan ended', at },
  settleOf(`g${n}`, usage),
  { type: 'ExpireLots', at: muchLater },
  reserveOf(`h${n}`, { at: muchLater }),
  settleOf(`h${n}`, { input: 4000, output: 100 }, { overrun: 'owed', at: muchLater }),
  reserveOf(`i${n}`, { input: 6000, at: muchLater }),
  releaseOf(`i${n}`, { ending: { ...failed, firstTokenMs: 3 }, at: muchLater }),
  reserveOf(`l${n}`, { input: 6000, at: muchLater }),
  settleOf(`l${n}`, { input: 5900, output: 10 }, { at: muchLater }),
  reserveOf(`m${n}`, { input: 6000, at: muchLater }),
  abandonOf(`m${n}`, { at: muchLater }),
  grantOf('5', { lotId: nameId(`paid ${n}`), kind: 'paid', at: muchLater }),
  reserveOf(`j${n}`, { at: muchLater }),
  settleOf(`j${n}`, { input: 4000, output: 900 }, { at: muchLater }),
  { type: 'FreezeWallet', reason: 'a chargeback', at: muchLater },
  {
    type: 'CountDenials',
    minute: muchLater,
    denials: [{ code: 'wallet_frozen', count: 3 }],
    at: muchLater,
  },
  { type: 'UnfreezeWallet', reason: 'it was withdrawn', at: muchLater },
  reserveOf(`n${n}`, { price: dear, at: muchLater }),
  settleOf(`n${n}`, cached, { at: muchLater }),
  reserveOf(`o${n}`, { price: dear, at: muchLater }),
  abandonOf(`o${n}`, { evidence: { ...evidence, usage: cached }, at: muchLater }),
  lateOf(`o${n}`, { usage: { ...cached, output: 25 }, at: muchLater }),
  reserveOf(`dear ${n}`, { price: dear, at: muchLater }),
  reserveOf(`swept dear ${n}`, { price: dear, at: muchLater }),
  abandonOf(`swept dear ${n}`, { evidence: { ...evidence, usage: cached }, at: muchLater }),
  reserveOf(`media ${n}`, { price: whole, at: muchLater }),
  settleOf(`media ${n}`, media, { at: muchLater }),
  reserveOf(`late media ${n}`, { price: whole, at: muchLater }),
  abandonOf(`late media ${n}`, { evidence: { ...evidence, usage: media }, at: muchLater }),
  lateOf(`late media ${n}`, { usage: { ...media, seconds: 12 }, at: muchLater }),
  reserveOf(`open media ${n}`, { price: whole, at: muchLater }),
  reserveOf(`swept media ${n}`, { price: whole, at: muchLater }),
  abandonOf(`swept media ${n}`, { evidence: { ...evidence, usage: media }, at: muchLater }),
  reserveOf(`open ${n}`, { mayCost, at: muchLater }),
  reserveOf(`unnoted ${n}`, { mayCost, at: muchLater }),
  abandonOf(`unnoted ${n}`, { ending: unasked, possibleCosts: null, at: muchLater }),
  reserveOf(`swept ${n}`, { at: muchLater }),
  abandonOf(`swept ${n}`, { evidence, costs, at: muchLater }),
  grantOf('500', { lotId: nameId(`characters ${n}`), asset: 'characters', at: muchLater }),
  ...costs.slice(1).flatMap((cost, index) => spentLate(`spent ${index} ${n}`, cost)),
  { type: 'RevokeCredit', lotId: nameId(`characters ${n}`), reason: 'it ended', at: muchLater },
  { type: 'roll', at: '2026-03-15T06:00:00.000Z' },
];
/** The makers' own moment is before the story's. */
const moved = (step: Step): Step => ('at' in step && step.at < at ? { ...step, at } : step);
const walletStory = entriesOf(
  [
    { type: 'OpenWallet', walletId, memberId, currency: 'CNY' } as const,
    grantOf('0.001', { lotId: nameId('start') }),
    ...chapter('1'),
    ...chapter('2'),
  ].map(moved),
).map(({ type, data }) => ({ type, data }) as DomainEvent);

const ids = { memberId, walletId };
const sealed = 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..Zm9yIGV4YW1wbGU.c2VhbGVk.dGFn';
const claimed = {
  ...{ emailHash, ...ids, sealed, codeHash: hash('c') },
  expiresAt: '2026-03-15T09:26:53.589Z',
};

const ofBalance = { projection: 'balance', schema: 'balance_v2' };

/** Every other noun's events, as its decider writes them. */
const others: readonly DomainEvent[] = [
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

/** Events as the program writes them, of every type, in all the shapes that its deciders know. */
export const story: readonly DomainEvent[] = [...others, ...walletStory];

const kindOf = (type: EventType): string | undefined =>
  Object.entries(eventsOfStream).find(([, events]) => Object.hasOwn(events, type))?.[0];

const callEvents: ReadonlySet<EventType> = new Set([
  ...(['CreditReserved', 'UsageSettled', 'ReservationReleased', 'LateSettlementPosted'] as const),
]);

/** Who would have done it, and why. */
export function contextOf(type: EventType): CommandContext {
  const common = { commandId: `golden/${type}`, correlationId: nameId(`request/${type}`), at };
  if (callEvents.has(type)) {
    const actor = { type: 'api_key', id: nameId('key'), onBehalfOf: memberId } as const;
    return { ...common, actor, source: 'api', causationId: nameId(`cause/${type}`) };
  }
  if (kindOf(type) === 'wallet') {
    const actor = { type: 'admin', id: nameId('admin') } as const;
    const asked = { reason: 'a ticket', bodyHash: hash('b') };
    return { ...common, actor, source: 'api', causationId: nameId(`cause/${type}`), ...asked };
  }
  return { ...common, actor: { type: 'system', id: 'policy:example' }, source: 'policy:example' };
}
