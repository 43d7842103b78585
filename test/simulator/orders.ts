import { setTimeout as sleep } from 'node:timers/promises';
import type { Recorded } from '../../src/domain/events.ts';
import type { Instant } from '../../src/domain/ids.ts';
import { nameId } from '../../src/domain/ids.ts';
import { Decimal, money } from '../../src/domain/money.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { chargeFinder } from '../../src/domain/wallet/charged.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import type { WalletEvent } from '../../src/domain/wallet/events.ts';
import { walletEvents } from '../../src/domain/wallet/events.ts';
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
  /** Makes the command from the log as it is, before each run; absent: it is always the same. */
  readonly look?: () => Order['command'];
  /** What happens once, whoever orders it, and what exactly is wanted. */
  readonly onceFor?: { readonly what: string; readonly said: string };
  readonly type: WalletCommand['type'];
  /** What was answered; the same every time. */
  readonly replies: string[];
  commandId: string | undefined;
}

/** Asks a process for it, under its idempotency key. */
export function ask(order: Order, process: SimulatedProcess, schedule: Schedule): void {
  const { key, walletId, replies, onceFor, look } = order;
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
    const prevent = process.preventing((dead) =>
      process.orders.run(target, never, { ...context, ...dead }).then(() => false, isRefused),
    );
    schedule.note(`${process.name}: order ${key}`);
    try {
      const reply = await process.once(
        {
          scope: 'orders',
          key,
          bodyHash: onceFor?.said ?? key,
          place: () => process.wallet.load(target),
          context,
          ...(onceFor ? { onceFor: { what: onceFor.what, otherwise, prevent } } : {}),
        },
        async (claimed) => {
          const { commandId } = claimed;
          order.commandId = commandId;
          const run = { ...context, ...claimed };
          const command = look?.() ?? order.command;
          // What was looked at is old when it arrives.
          if (look) await sleep(lookMs);
          const { events } = await process.orders.run(target, (at) => command(at, commandId), run);
          return { status: 201, body: { changed: events.length > 0 } };
        },
      );
      const { status, body } = reply;
      replies.push(JSON.stringify({ status, body }));
      schedule.note(`${process.name}: order ${key} is done: ${replies.at(-1)}`);
    } catch (error) {
      if (error instanceof DoneOtherwise) replies.push(error.name);
      schedule.note(`${process.name}: order ${key} is not known: ${String(error)}`);
    }
  });
}

class DoneOtherwise extends Error {
  override readonly name = 'DoneOtherwise';
}

const otherwise = () => new DoneOtherwise();
const never = (): never => {
  throw new Rejection('idempotency_conflict', 'It has had its turn.');
};
const isRefused = (error: unknown): true => {
  if (error instanceof Rejection) return true;
  throw error;
};
const lookMs = 20;

interface Draw {
  readonly random: Chance;
  readonly walletId: string;
  readonly nowMs: number;
  readonly events: readonly Recorded[];
  /** The same at any time later. */
  readonly look: () => readonly Recorded[];
}

const instant = (ms: number): Instant => new Date(epochMs + Math.floor(ms)).toISOString();

export interface Made extends Pick<Order, 'type' | 'command' | 'look' | 'onceFor'> {
  /** What another administrator orders at about the same time. */
  readonly rival?: Made;
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
  const { random, events } = draw;
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
      return grant(draw, random.whole(1, 4));
  }
}

const of = (type: WalletCommand['type'], command: Made['command']): Made => ({ type, command });

/** Gives back a part of what some call was charged; somebody else may want the same, or another part. */
function correction({ random, events, look }: Draw): Made | undefined {
  const settled = random.some(
    events.filter((event) => event.type === 'UsageSettled' && event.data.charge !== '0'),
  );
  if (settled?.type !== 'UsageSettled') return undefined;
  const shares = [random.pick(['half', 'whole']), random.pick(['half', 'whole'])] as const;
  const [mine, theirs] = shares.map((share) => correcting(settled, share, look));
  return mine && (theirs && random.is(0.7) ? { ...mine, rival: theirs } : mine);
}

type Settled = Extract<Recorded, { type: 'UsageSettled' }>;

function correcting(
  { id: eventId, data: { asset, charge } }: Settled,
  share: string,
  history: () => readonly Recorded[],
): Made {
  const part = new Decimal(charge).div(share === 'half' ? 2 : 1);
  const amount = asset === 'CNY' ? part : part.ceil();
  const look = () => {
    const finder = chargeFinder(eventId);
    for (const event of history()) if (isOfWallet(event) && !finder.take(event)) break;
    const charged = finder.done();
    if (!charged) throw new Error(`There is no settlement ${eventId}.`);
    const how = { eventId, amount, reason: 'simulated', approver: 'somebody' };
    return (at: Instant): WalletCommand => ({ type: 'CorrectUsage', ...charged, ...how, at });
  };
  const onceFor = { what: `corrections/${eventId}`, said: `${share} of ${eventId}` };
  return { ...of('CorrectUsage', (at) => look()(at)), look, onceFor };
}

const isOfWallet = (event: Recorded): event is Recorded<WalletEvent> & Recorded =>
  Object.hasOwn(walletEvents, event.type);
