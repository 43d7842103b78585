import type { Log } from '../adapters/eventstore/log.ts';
import type { WalletHistory } from '../adapters/eventstore/wallet-history.ts';
import { walletPeriodOf } from '../domain/streams.ts';
import type { Charged } from '../domain/wallet/charged.ts';
import { chargeFinder } from '../domain/wallet/charged.ts';
import { eventIndex, streamOfEvent } from '../projections/event-index.ts';
import type { Reads } from './reads.ts';
import { readable } from './reads.ts';

export interface SettlementParts {
  readonly history: WalletHistory;
  readonly reads: Reads;
  readonly head: Log['head'];
}

/** A wallet's settlement by its event's id, as the log has it; undefined when there is none. */
export async function findSettlement(
  parts: SettlementParts,
  walletId: string,
  eventId: string,
): Promise<Charged | undefined> {
  const stream = await streamWith(parts, eventId);
  const period = stream === null ? undefined : walletPeriodOf(stream, walletId);
  if (period === undefined) return undefined;
  const finder = chargeFinder(eventId);
  for await (const event of parts.history(walletId, period)) {
    if (!finder.take(event)) break;
  }
  return finder.done();
}

/** The index follows the log: what was written just now may take a moment to be in it. */
async function streamWith(
  { reads, head }: SettlementParts,
  eventId: string,
): Promise<string | null> {
  const known = await reads.maybeOneFirst(streamOfEvent(eventId));
  if (known !== null) return known;
  await readable(reads, [eventIndex], await head());
  return reads.maybeOneFirst(streamOfEvent(eventId));
}
