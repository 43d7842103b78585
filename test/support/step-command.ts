import { nameId } from '../../src/domain/ids.ts';
import { Decimal } from '../../src/domain/money.ts';
import { tokensOf } from '../../src/domain/price-list/usage.ts';
import type { LotPart } from '../../src/domain/wallet/call-events.ts';
import type {
  ChargedPart,
  Quote,
  ReserveCredit,
  WalletCommand,
} from '../../src/domain/wallet/commands.ts';
import type { WalletEvent, WalletEventData } from '../../src/domain/wallet/events.ts';
import type { CommandStep, Step } from './wallet-steps.ts';
import { ending, memberId, walletId } from './wallets.ts';

/** What a step may refer to: what happened before it. */
export interface Before {
  readonly at: string;
  /** Ids of calls, in the order they were reserved. */
  readonly calls: readonly string[];
  /** Those of them that are open, and that the sweeper ended. */
  readonly open: readonly string[];
  readonly swept: readonly string[];
  readonly events: readonly WalletEvent[];
  readonly number: number;
}

const instant = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();
const lotOf = (lot: number): string => nameId(`lot/${lot}`);
const keyOf = (key: number): string => nameId(`key/${key}`);
const some = (calls: readonly string[], call: number): string | undefined =>
  calls[calls.length - 1 - (call % Math.max(calls.length, 1))];
/** Mostly a call that the step is meant for, sometimes any. */
const callOf = ({ calls }: Before, call: number, meant: readonly string[] = []): string =>
  (call < 10 ? some(meant, call) : undefined) ?? some(calls, call) ?? nameId('no call');

export function commandOf(step: CommandStep, before: Before): WalletCommand {
  const { at } = before;
  switch (step.do) {
    case 'open':
      return { type: 'OpenWallet', walletId, memberId, currency: 'CNY' };
    case 'grant':
      return grantOf(step, at);
    case 'revoke':
      return { type: 'RevokeCredit', lotId: lotOf(step.lot), reason: 'test', at };
    case 'expire':
      return { type: 'ExpireLots', at };
    case 'reserve':
      return reserveOf(step, before);
    case 'check':
      return { ...reserveOf(step, before), type: 'CheckCredit' };
    case 'settle': {
      const { usage, characters, costs, overrun } = step;
      const callId = callOf(before, step.call, before.open);
      const consumed = { callId, usage, characters, basis: 'usage' as const };
      return { type: 'SettleUsage', ...consumed, ending, costs, overrun, at };
    }
    case 'release': {
      const callId = callOf(before, step.call, before.open);
      return { type: 'ReleaseHold', callId, ending, costs: step.costs, at };
    }
    case 'abandon': {
      const { usage, characters, evidence: basis, costs, possibleCosts, overrun } = step;
      const evidence = basis && { basis, usage, characters };
      const callId = callOf(before, step.call, before.open);
      const booked = { costs, possibleCosts, overrun };
      return { type: 'ResolveAbandoned', callId, evidence, ending, ...booked, at };
    }
    case 'late': {
      const { usage, characters, costs, overrun, outcome } = step;
      const callId = callOf(before, step.call, before.swept);
      const consumed = { callId, usage, characters: tokensOf(usage) === 0 ? 0 : characters };
      const how = { ending: { ...ending, outcome }, costs, overrun };
      return { type: 'PostLateSettlement', ...consumed, ...how, at };
    }
    case 'correct':
      return correctOf(step, before);
    case 'pay':
      return { type: 'PayDebt', at };
    case 'limit': {
      const apiKeyId = step.key === null ? null : keyOf(step.key);
      return { type: 'SetLimit', limit: { apiKeyId, ...step.limit }, reason: 'test', at };
    }
    case 'freeze':
      return { type: 'FreezeWallet', reason: 'test', at };
    case 'unfreeze':
      return { type: 'UnfreezeWallet', reason: 'test', at };
    case 'denials': {
      const denials = step.count === 0 ? [] : [{ code: 'test', count: step.count }];
      return { type: 'CountDenials', minute: at, denials, at };
    }
  }
}

type StepOf<Do extends Step['do']> = Extract<Step, { do: Do }>;

function grantOf(step: StepOf<'grant'>, at: string): WalletCommand {
  const { granted, kind, priority, from, until, scope, past } = step;
  return {
    type: 'GrantCredit',
    walletId,
    memberId,
    currency: 'CNY',
    lotId: lotOf(step.lot),
    asset: granted.asset,
    amount: new Decimal(granted.amount),
    kind,
    priority,
    effectiveAt: from === null ? null : instant(at, from),
    expiresAt: until === null ? null : instant(at, until),
    scope,
    past: granted.asset === 'CNY' && priority >= 0 ? 'bill' : past,
    reason: 'test',
    at,
  };
}

/** Prices small and as large as they may be; per million tokens. */
const millionth = new Decimal('0.000001');
const prices = {
  small: { input: '1', cachedInput: '0.5', output: '3' },
  large: {
    input: '12345678901234567890.123456',
    cachedInput: '0.000001',
    output: '99999999999999999999.999999',
  },
};
function reserveOf(step: StepOf<'reserve' | 'check'>, before: Before): ReserveCredit {
  const { model, input, output, n, units, process, mayCost } = step;
  const rates = step.rates.map(({ scope, limit: { window, measure, most } }) => ({
    scope: scope === 'alias' ? (`alias:${model}` as const) : scope,
    ...{ window, measure, most: most ?? '0' },
  }));
  const callId = step.again === null ? nameId(`call/${before.number}`) : callOf(before, step.again);
  const { input: perInput, output: perOutput } = prices[model];
  const bounds: Record<string, Omit<Quote, 'asset'>> = {
    requests: { fixed: new Decimal(1), perOutput: new Decimal(0) },
    tokens: { fixed: new Decimal(input), perOutput: new Decimal(n) },
    characters: { fixed: new Decimal(input), perOutput: new Decimal(4 * n) },
    CNY: {
      fixed: new Decimal(perInput).times(millionth).times(input),
      perOutput: new Decimal(perOutput).times(millionth).times(n),
    },
  };
  return {
    type: 'ReserveCredit',
    call: {
      callId,
      memberId,
      apiKeyId: keyOf(step.key),
      requestId: `req_${callId}`,
      clientRequestId: null,
      model,
    },
    processId: nameId(`process/${process}`),
    quotes: [...units, 'CNY'].flatMap((asset) => {
      const bound = bounds[asset];
      return bound ? [{ asset, ...bound }] : [];
    }),
    tokens: { fixed: new Decimal(input), perOutput: new Decimal(n) },
    outputTokens: output,
    price: { alias: model, version: 1, currency: 'CNY', prices: prices[model] },
    rates,
    mayCost: mayCost && {
      ...{ upstream: mayCost.upstream, asset: mayCost.asset },
      ...{ fixed: new Decimal(mayCost.fixed), perOutput: new Decimal(mayCost.perOutput) },
    },
    at: before.at,
  };
}

/** A correction as its sender makes it: from the settlement and the grants in the log. */
function correctOf(step: StepOf<'correct'>, { events, at }: Before): WalletCommand {
  const settlements = events.flatMap((event) =>
    event.type === 'UsageSettled' ? [event.data] : [],
  );
  const place = step.settlement % Math.max(settlements.length, 1);
  const settled = settlements[place];
  const share = new Decimal(step.share).times('0.01');
  const isWhole = settled && ['requests', 'tokens', 'characters'].includes(settled.asset);
  const exact = new Decimal(settled?.charge ?? 1).times(share);
  return {
    type: 'CorrectUsage',
    eventId: nameId(`settlement/${place}`),
    callId: settled?.call.callId ?? nameId('no call'),
    memberId,
    model: settled?.call.model ?? 'demo',
    asset: settled?.asset ?? 'CNY',
    charged: settled ? lessGivenBack(chargedParts(settled.consumed, events), settled, events) : [],
    // Fractions beyond what an amount can be are the edge's business.
    amount: exact.toDecimalPlaces(isWhole ? 0 : 12),
    reason: 'test',
    approver: 'test',
    at,
  };
}

/** A call that was swept may itself have given back a part of it. */
function lessGivenBack(
  parts: readonly ChargedPart[],
  settled: WalletEventData<'UsageSettled'>,
  events: readonly WalletEvent[],
): readonly ChargedPart[] {
  const late = events
    .slice(events.findIndex(({ data }) => data === settled))
    .find(
      ({ type, data }) =>
        type === 'LateSettlementPosted' && data.call.callId === settled.call.callId,
    );
  const back = late?.type === 'LateSettlementPosted' ? late.data.difference : '0';
  let left = new Decimal(settled.charge).plus(back.startsWith('-') ? back : '0');
  return parts.map((part) => {
    const amount = Decimal.min(part.amount, left);
    left = left.minus(amount);
    return { ...part, amount };
  });
}

function chargedParts(
  consumed: readonly LotPart[],
  events: readonly WalletEvent[],
): readonly ChargedPart[] {
  return consumed.map(({ lotId, amount }): ChargedPart => {
    const terms = lotId === null ? undefined : termsIn(events, lotId);
    const { kind = 'paid', priority = 0, expiresAt = null, scope = null } = terms ?? {};
    return { kind, priority, expiresAt, scope, amount: new Decimal(amount) };
  });
}

const termsIn = (events: readonly WalletEvent[], lotId: string) =>
  events
    .flatMap(({ type, data }) =>
      type === 'CreditGranted'
        ? [data]
        : type === 'UsageCorrected' || type === 'LateSettlementPosted'
          ? data.lots
          : [],
    )
    .findLast((lot) => lot.lotId === lotId);
