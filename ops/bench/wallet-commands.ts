import { randomUUID } from 'node:crypto';
import type { ExecuteContext } from '../../src/adapters/eventstore/execute.ts';
import type { Runners } from '../../src/adapters/eventstore/runners.ts';
import { Decimal } from '../../src/domain/money.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';

type WalletRunner = Runners['wallet'];

const apiKeyId = randomUUID();
const memberId = randomUUID();
const processId = randomUUID();
const credit = '1000000';
const price = {
  alias: 'bench',
  version: 1,
  currency: 'CNY',
  prices: { input: '1', cachedInput: '0.5', output: '3' },
};
const quotes = [{ asset: 'CNY', fixed: new Decimal('0.0001'), perOutput: new Decimal('0.000003') }];
const tokens = { fixed: new Decimal(100), perOutput: new Decimal(1) };
/** 100 tokens in and 50 out: less than what is held. */
const usage = { input: 100, cachedInput: 0, output: 50, reasoning: 0 };
/** What each call costs at that price. */
export const chargeOf = (calls: number): Decimal => new Decimal('0.00025').times(calls);
export const granted = new Decimal(credit);

const contextOf = (commandId: string): ExecuteContext => ({
  commandId,
  correlationId: commandId,
  actor: { type: 'api_key', id: apiKeyId, onBehalfOf: memberId },
  at: new Date().toISOString(),
  source: 'bench',
});

export async function openWallet({ run }: Pick<WalletRunner, 'run'>, walletId: string) {
  const grant = (at: string): WalletCommand => ({
    type: 'GrantCredit',
    walletId,
    memberId,
    currency: 'CNY',
    lotId: randomUUID(),
    asset: 'CNY',
    amount: granted,
    kind: 'promo',
    priority: 0,
    effectiveAt: null,
    expiresAt: null,
    past: 'bill',
    scope: null,
    reason: 'bench',
    at,
  });
  await run(streamOf.wallet(walletId), grant, contextOf(randomUUID()));
}

/** Holds credit for one call; what it resolves with ends that call. Both may be asked again. */
export async function reserve(
  { run }: Pick<WalletRunner, 'run'>,
  walletId: string,
  callId: string = randomUUID(),
) {
  const stream = streamOf.wallet(walletId);
  const call = {
    callId,
    memberId,
    apiKeyId,
    requestId: `req_${callId}`,
    clientRequestId: null,
    model: 'bench',
  };
  await run(
    stream,
    (at) => ({
      type: 'ReserveCredit',
      call,
      processId,
      quotes,
      tokens,
      outputTokens: 100,
      price,
      at,
    }),
    contextOf(`${callId}/reserve`),
  );
  return async function settle() {
    await run(
      stream,
      (at) => ({
        type: 'SettleUsage',
        callId,
        usage,
        characters: null,
        basis: 'usage',
        ending: {
          outcome: 'completed',
          upstream: 'mock',
          upstreamModel: 'mock',
          latencyMs: 12,
          firstTokenMs: 3,
        },
        costs: [],
        overrun: 'absorbed',
        at,
      }),
      contextOf(`${callId}/settle`),
    );
  };
}
