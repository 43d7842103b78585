import { nameId } from '../../src/domain/ids.ts';
import { Decimal } from '../../src/domain/money.ts';
import type {
  Ending,
  GrantCredit,
  ReleaseHold,
  ReserveCredit,
  ResolveAbandoned,
  SettleUsage,
} from '../../src/domain/wallet/commands.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';

export const walletId = nameId('wallet');
export const memberId = nameId('member');
export const noon = '2026-01-01T12:00:00.000Z';

/** CNY 1 and 3 per million tokens, so that a token costs 0.000001 or 0.000003. */
export const price = {
  alias: 'demo',
  version: 1,
  currency: 'CNY',
  prices: { input: '1', cachedInput: '0.5', output: '3' },
};

export const ending: Ending = {
  outcome: 'completed',
  upstream: 'sandbox',
  upstreamModel: 'demo',
  latencyMs: 12,
  firstTokenMs: 3,
};

export const grantOf = (amount: string, more: Partial<GrantCredit> = {}): GrantCredit => ({
  type: 'GrantCredit',
  walletId,
  memberId,
  currency: 'CNY',
  lotId: nameId(`lot/${amount}/${more.asset ?? 'CNY'}/${more.kind ?? 'promo'}`),
  asset: 'CNY',
  amount: new Decimal(amount),
  kind: 'promo',
  priority: 0,
  effectiveAt: null,
  expiresAt: null,
  past: 'bill',
  scope: null,
  reason: 'test',
  at: noon,
  ...more,
});

/** Reserves `input` tokens of input and `output` tokens of output in money. */
export const reserveOf = (
  call: string,
  {
    input = 100,
    output = 100,
    ...more
  }: Partial<ReserveCredit> & { input?: number; output?: number } = {},
): ReserveCredit => ({
  type: 'ReserveCredit',
  call: {
    callId: nameId(call),
    memberId,
    apiKeyId: nameId('key'),
    requestId: `req_${call}`,
    clientRequestId: null,
    model: 'demo',
  },
  processId: nameId('process'),
  quotes: [
    {
      asset: 'CNY',
      fixed: new Decimal('0.000001').times(input),
      perOutput: new Decimal('0.000003'),
    },
  ],
  tokens: { fixed: new Decimal(input), perOutput: new Decimal(1) },
  outputTokens: output,
  price,
  at: noon,
  ...more,
});

export const settleOf = (
  call: string,
  usage: Partial<SettleUsage['usage']>,
  more: Partial<SettleUsage> = {},
): SettleUsage => ({
  type: 'SettleUsage',
  callId: nameId(call),
  usage: { input: 0, cachedInput: 0, output: 0, reasoning: 0, ...usage },
  characters: null,
  basis: 'usage',
  ending,
  costs: [],
  overrun: 'absorbed',
  at: noon,
  ...more,
});

/** Gives a call's whole hold back. */
export const releaseOf = (call: string, more: Partial<ReleaseHold> = {}): ReleaseHold => ({
  type: 'ReleaseHold',
  callId: nameId(call),
  ending,
  costs: [],
  at: noon,
  ...more,
});

/** What the sweeper decides for a call of which nothing is known. */
export const abandonOf = (
  call: string,
  more: Partial<ResolveAbandoned> = {},
): ResolveAbandoned => ({
  type: 'ResolveAbandoned',
  callId: nameId(call),
  evidence: null,
  ending: { ...ending, outcome: 'abandoned' },
  costs: [],
  possibleCosts: [],
  overrun: 'absorbed',
  at: noon,
  ...more,
});

/** Decides commands one after the other and returns all they wrote. */
export function history(
  ...commands: readonly Parameters<typeof wallet.decide>[0][]
): readonly WalletEvent[] {
  const events: WalletEvent[] = [];
  let state = wallet.initialState;
  for (const command of commands) {
    const decided = wallet.decide(command, state);
    for (const event of decided) state = wallet.evolve(state, event);
    events.push(...decided);
  }
  return events;
}
