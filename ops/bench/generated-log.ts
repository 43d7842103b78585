import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { envelopeOf } from '../../src/adapters/eventstore/envelope-of.ts';
import type { Log, NewEvent } from '../../src/adapters/eventstore/log.ts';
import type { CommandContext } from '../../src/domain/envelope.ts';
import { Decimal } from '../../src/domain/money.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { wallet } from '../../src/domain/wallet/decider.ts';
import type { Wallet } from '../../src/domain/wallet/wallet.ts';

const processId = randomUUID();
const aliases = ['demo', 'small', 'large', 'vision'];
const prices = { input: '1', cachedInput: '0.5', output: '3' };
const dayMs = 86_400_000;
/** Histories cover so many days, so that days and periods are as many as in real ones. */
const days = 30;

interface Walleted {
  readonly walletId: string;
  readonly memberId: string;
  readonly apiKeyId: string;
  state: Wallet;
  revision: bigint;
  calls: number;
  /** An append of its own is on its way. */
  isBusy: boolean;
}

/**
 * Writes a log as members make one: each wallet is granted credit, then reserves and settles calls of
 * four aliases, spread over a month, in an order in which wallets alternate.
 */
export function generatedLog(log: Pick<Log, 'append'>, wallets: number) {
  const all = Array.from(
    { length: wallets },
    (): Walleted => ({
      ...{ walletId: randomUUID(), memberId: randomUUID(), apiKeyId: randomUUID() },
      ...{ state: wallet.initialState, revision: -1n, calls: 0, isBusy: false },
    }),
  );
  const started = Date.now() - days * dayMs;
  let turn = 0;
  let written = 0;
  let last = -1n;

  /** The next wallet that nothing is on its way for. */
  function next(): Walleted {
    for (let tries = 0; tries < all.length; tries += 1) {
      const of = all[turn % all.length];
      turn += 1;
      if (of && !of.isBusy) return of;
    }
    throw new Error('The log is slower than it is written to.');
  }

  /** One wallet's next events: its credit, or a call that is reserved and settled. */
  async function step(of: Walleted, at: string): Promise<number> {
    of.isBusy = true;
    const events: NewEvent[] = [];
    const decide = (command: WalletCommand) => {
      for (const event of wallet.decide(command, of.state)) {
        of.state = wallet.evolve(of.state, event);
        const context = contextOf(of, `${of.walletId}/${of.calls}/${events.length}`, at);
        const { type, data } = event;
        events.push({ id: randomUUID(), type, data, metadata: envelopeOf(type, context, at) });
      }
    };
    if (of.calls === 0) decide(grantTo(of, at));
    else {
      const callId = randomUUIDv7();
      decide(reserveFor(of, callId, at));
      decide(settle(callId, of.calls, at));
    }
    of.calls += 1;
    const expected = of.revision < 0n ? 'no_stream' : of.revision;
    const appended = await log.append(streamOf.wallet(of.walletId), expected, events);
    if (!appended.ok) throw new Error('A bench has its log for itself.');
    of.revision = appended.revision;
    of.isBusy = false;
    if (appended.position > last) last = appended.position;
    written += events.length;
    return events.length;
  }

  /** Writes until there are so many events in all; `lanes` appends are on their way at a time. */
  async function upTo(events: number, lanes = 128): Promise<void> {
    const from = written;
    const wanted = Math.max(1, events - from);
    const lane = async () => {
      while (written < events) {
        const share = Math.min(1, (written - from) / wanted);
        await step(next(), new Date(started + share * days * dayMs).toISOString());
      }
    };
    await Promise.all(Array.from({ length: Math.min(lanes, all.length) }, lane));
  }

  return {
    upTo,
    written: () => written,
    last: () => last,
    /** The next step of the next wallet; the position of its last event is `last()`. */
    step: () => step(next(), new Date().toISOString()),
  };
}

const contextOf = (of: Walleted, commandId: string, at: string): CommandContext => ({
  ...{ commandId, correlationId: commandId, at, source: 'bench' },
  actor: { type: 'api_key', id: of.apiKeyId, onBehalfOf: of.memberId },
});

const grantTo = ({ walletId, memberId }: Walleted, at: string): WalletCommand => ({
  ...{ type: 'GrantCredit', walletId, memberId, currency: 'CNY', lotId: randomUUID() },
  ...{ asset: 'CNY', amount: new Decimal('1000'), kind: 'promo', priority: 0 },
  ...{ effectiveAt: null, expiresAt: null, past: 'bill', scope: null, reason: 'bench', at },
});

const reserveFor = (of: Walleted, callId: string, at: string): WalletCommand => ({
  type: 'ReserveCredit',
  call: {
    ...{ callId, memberId: of.memberId, apiKeyId: of.apiKeyId },
    ...{ requestId: `req_${callId}`, clientRequestId: null, model: aliasOf(of.calls) },
  },
  processId,
  quotes: [{ asset: 'CNY', fixed: new Decimal('0.0001'), perOutput: new Decimal('0.000003') }],
  tokens: { fixed: new Decimal(100), perOutput: new Decimal(1) },
  outputTokens: 100,
  price: { alias: aliasOf(of.calls), version: 1, currency: 'CNY', prices },
  at,
});

const settle = (callId: string, calls: number, at: string): WalletCommand => ({
  ...{ type: 'SettleUsage', callId, characters: null, basis: 'usage' },
  usage: {
    input: 60 + (calls % 40),
    cachedInput: calls % 7,
    output: 10 + (calls % 90),
    reasoning: 0,
  },
  ending: {
    ...{ outcome: 'completed', upstream: 'openai_like', upstreamModel: 'model-1' },
    ...{ latencyMs: 812, firstTokenMs: 240 },
  },
  costs: [],
  overrun: 'absorbed',
  at,
});

const aliasOf = (calls: number): string => aliases[calls % aliases.length] ?? 'demo';
