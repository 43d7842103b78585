import type { Recorded } from '../../src/domain/events.ts';
import type { Instant } from '../../src/domain/ids.ts';
import { nameId } from '../../src/domain/ids.ts';
import { Decimal, money } from '../../src/domain/money.ts';
import { streamOf } from '../../src/domain/streams.ts';
import type { ChargedPart, WalletCommand } from '../../src/domain/wallet/commands.ts';
import type { Limit } from '../../src/domain/wallet/limit-events.ts';
import { memberId } from './calls.ts';
import type { Chance } from './chance.ts';
import type { SimulatedProcess } from './process.ts';
import { epochMs } from './process.ts';
import type { Schedule } from './schedule.ts';

/** Something an administrator wants done once, however often it has to be asked for. */
export interface Order {
  readonly key: string;
  readonly walletId: string;
  readonly command: (at: Instant, commandId: string) => WalletCommand;
  readonly type: WalletCommand['type'];
  /** What was answered; the same every time. */
  readonly replies: string[];
  commandId: string | undefined;
}

/** Asks a process for it, under its idempotency key. */
export function ask(order: Order, process: SimulatedProcess, schedule: Schedule): void {
  const { key, walletId, command, replies } = order;
  const target = streamOf.wallet(walletId);
  const clock = () => new Date(epochMs + Math.floor(schedule.nowMs())).toISOString();
  process.start(async () => {
    const context = {
      commandId: key,
      correlationId: key,
      actor: { type: 'admin', id: 'admin' },
      at: clock(),
      source: 'api',
    } as const;
    schedule.note(`${process.name}: order ${key}`);
    try {
      const reply = await process.once(
        {
          scope: 'orders',
          key,
          bodyHash: key,
          place: () => process.wallet.load(target),
          context,
        },
        async (claimed) => {
          const { commandId } = claimed;
          order.commandId = commandId;
          const run = { ...context, ...claimed };
          await process.orders.run(target, (at) => command(at, commandId), run);
          return { status: 201, body: {} };
        },
      );
      const { status, body } = reply;
      replies.push(JSON.stringify({ status, body }));
      schedule.note(`${process.name}: order ${key} is done: ${replies.at(-1)}`);
    } catch (error) {
      schedule.note(`${process.name}: order ${key} is not known: ${String(error)}`);
    }
  });
}

interface Draw {
  readonly random: Chance;
  readonly walletId: string;
  readonly nowMs: number;
  readonly events: readonly Recorded[];
}

const instant = (ms: number): Instant => new Date(epochMs + Math.floor(ms)).toISOString();

interface Made extends Pick<Order, 'type' | 'command'> {
  /** Orders of the same are one order. */
  readonly key?: string;
}

/** A grant of about so many calls, of any kind. */
export function grant({ random, walletId, nowMs }: Draw, calls: number): Made {
  const asset = random.pick(['CNY', 'CNY', 'CNY', 'requests', 'tokens']);
  const perCall = { CNY: '0.0002', requests: '1', tokens: '72' }[asset] ?? '1';
  const amount = money(perCall)
    .times(asset === 'CNY' ? calls : Math.ceil(calls))
    .toDecimalPlaces(6);
  const kind = random.pick(['paid', 'plan', 'promo', 'compensation']);
  const priority = random.whole(-1, 1);
  const expiresAt = random.is(0.4)
    ? instant(nowMs + random.between(2_000, random.pick([12_000, 40_000])))
    : null;
  const past = asset === 'CNY' || random.is(0.7) ? 'bill' : 'block';
  const scope = random.is(0.15) ? ['demo'] : null;
  const delayed = random.is(0.1) ? instant(nowMs + random.between(0, 2_000)) : null;
  return {
    type: 'GrantCredit',
    command: (at, commandId) => ({
      type: 'GrantCredit',
      walletId,
      memberId,
      currency: 'CNY',
      lotId: nameId(`lot/${commandId}`),
      asset,
      amount,
      kind,
      priority,
      effectiveAt: delayed,
      expiresAt,
      scope,
      past,
      reason: 'simulated',
      at,
    }),
  };
}

const limits: readonly [Bound, ...Bound[]] = [
  { window: 'now', measure: 'calls', most: '3' },
  { window: 'minute', measure: 'requests', most: '6' },
  { window: 'minute', measure: 'requests', most: null },
  { window: 'day', measure: 'tokens', most: '900' },
  { window: 'total', measure: 'money', most: '0.002' },
  { window: 'total', measure: 'overdraft', most: '0.0004' },
  { window: 'total', measure: 'overdraft', most: '0.0004' },
];
type Bound = Omit<Limit, 'apiKeyId'>;

/** Whatever else an administrator does. */
export function otherOrder(draw: Draw): Made {
  const { random, walletId, nowMs, events } = draw;
  const reason = 'simulated';
  switch (random.whole(0, 6)) {
    case 0: {
      const granted = random.some(events.filter((event) => event.type === 'CreditGranted'));
      const lotId = granted?.data.lotId ?? random.uuid();
      return of('RevokeCredit', (at) => ({ type: 'RevokeCredit', lotId, reason, at }));
    }
    case 1:
      return of('ExpireLots', (at) => ({ type: 'ExpireLots', at }));
    case 2: {
      const limit = { apiKeyId: null, ...random.pick(limits) };
      return of('SetLimit', (at) => ({ type: 'SetLimit', limit, reason, at }));
    }
    case 3: {
      const type = random.pick(['FreezeWallet', 'UnfreezeWallet', 'UnfreezeWallet']);
      return of(type, (at) => ({ type, reason, at }));
    }
    case 4:
      return correction(draw) ?? grant(draw, random.whole(1, 3));
    case 5:
      return of('PayDebt', (at) => ({ type: 'PayDebt', at }));
    default:
      return grant({ random, walletId, nowMs, events }, random.whole(1, 4));
  }
}

const of = (type: WalletCommand['type'], command: Made['command']): Made => ({ type, command });

/** Gives back half of what some call was charged. */
function correction({ random, events }: Draw): Made | undefined {
  const corrected = new Set(
    events.flatMap((event) => (event.type === 'UsageCorrected' ? [event.data.eventId] : [])),
  );
  const settled = random.some(
    events.filter(
      (event) =>
        event.type === 'UsageSettled' && event.data.charge !== '0' && !corrected.has(event.id),
    ),
  );
  if (settled?.type !== 'UsageSettled') return undefined;
  const { id: eventId, data } = settled;
  const { asset, call, consumed, charge } = data;
  const charged = consumed.map(
    ({ amount }): ChargedPart => ({
      kind: 'promo',
      priority: 0,
      expiresAt: null,
      scope: null,
      amount: money(amount),
    }),
  );
  const half = new Decimal(charge).div(2);
  const amount = asset === 'CNY' ? half : half.ceil();
  const corrects = of('CorrectUsage', (at) => ({
    type: 'CorrectUsage',
    eventId,
    callId: call.callId,
    memberId: call.memberId,
    model: call.model,
    asset,
    charged,
    amount,
    reason: 'simulated',
    approver: 'somebody',
    at,
  }));
  return { ...corrects, key: `correct ${eventId}` };
}
