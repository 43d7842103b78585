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
import { otherEvents } from './other-events.ts';
import { dear, whole } from './prices.ts';

const at = '2026-03-14T09:26:53.589Z';
const muchLater = '2026-03-15T00:00:00.000Z';
const hash = (digit: string) => digit.repeat(64);
const usage = { input: 60, cachedInput: 40, output: 20, reasoning: 5 };
const cached = { ...usage, cacheWrite: 7 };
const media = {
  ...cached,
  ...{ audioInput: 90, audioOutput: 30, imageInput: 12, imageOutput: 16 },
  ...{ images: 1, seconds: 9, characters: 5 },
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
const chapter = (n: string): readonly Step[] => [...firstDay(n), ...nextDay(n)];

/** Credit of each kind, and how calls of it end. */
const firstDay = (n: string): readonly Step[] => [
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
];

/** After lots have expired: debts, a freeze, prices of everything there is. */
const nextDay = (n: string): readonly Step[] => [
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

/** Events as the program writes them, of every type, in all the shapes that its deciders know. */
export const story: readonly DomainEvent[] = [...otherEvents, ...walletStory];

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
