import { pino } from 'pino';
import { eventStoreDbLog } from '../../src/adapters/eventstore/eventstoredb.ts';
import type { Log } from '../../src/adapters/eventstore/log.ts';
import type { Recorded } from '../../src/domain/events.ts';
import { decode } from '../../src/domain/events.ts';
import type { Decimal } from '../../src/domain/money.ts';
import { money, sum } from '../../src/domain/money.ts';
import { streamOf } from '../../src/domain/streams.ts';

/** All that a wallet's streams say, the first stream first. */
export async function walletHistory(
  log: Pick<Log, 'read'>,
  walletId: string,
): Promise<readonly Recorded[]> {
  const events: Recorded[] = [];
  for (let stream: string | undefined = streamOf.wallet(walletId); stream; ) {
    const before = events.length;
    for await (const stored of log.read(stream)) events.push(decode(stored));
    const last = events.length > before ? events.at(-1) : undefined;
    stream = last?.type === 'WalletPeriodClosed' ? last.data.next : undefined;
  }
  return events;
}

/** The histories of some wallets, read through a client of its own. */
export async function walletHistories(
  eventstoreUrl: string,
  walletIds: readonly string[],
): Promise<readonly (readonly Recorded[])[]> {
  const { signal } = new AbortController();
  const log = eventStoreDbLog({ url: eventstoreUrl, log: pino({ level: 'silent' }), signal });
  try {
    return await Promise.all(walletIds.map((walletId) => walletHistory(log, walletId)));
  } finally {
    await log.close();
  }
}

export const streamsOf = (events: readonly Recorded[]): readonly string[] => [
  ...new Set(events.map(({ stream }) => stream)),
];

/** What became of each call, in the order of its events. */
export function endsByCall(events: readonly Recorded[]): ReadonlyMap<string, readonly string[]> {
  const ends = new Map<string, string[]>();
  for (const { type, data } of events) {
    if (type === 'CreditReserved') ends.set(data.call.callId, []);
    else if (
      type === 'UsageSettled' ||
      type === 'ReservationReleased' ||
      type === 'ReservationExpired' ||
      type === 'LateSettlementPosted'
    )
      ends.get(data.call.callId)?.push(type);
  }
  return ends;
}

export const grantedIn = (events: readonly Recorded[]): Decimal =>
  sum(events.map(({ type, data }) => money(type === 'CreditGranted' ? data.amount : '0')));

/** With the differences that late settlements posted. */
export const chargedIn = (events: readonly Recorded[]): Decimal =>
  sum(
    events.map(({ type, data }) => {
      if (type === 'UsageSettled') return money(data.charge);
      return money(type === 'LateSettlementPosted' ? data.difference : '0');
    }),
  );
