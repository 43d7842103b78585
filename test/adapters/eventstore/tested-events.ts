import { randomUUID } from 'node:crypto';
import type { AppendResult, EventData, JSONEventData, ResolvedEvent } from '@eventstore/db-client';
import { jsonEvent } from '@eventstore/db-client';

/** Streams get names of their own: the log may be shared. */
export const newStream = (prefix = 'contract'): string => `${prefix}-${randomUUID()}`;

export const tested = (number: number, type = 'Tested'): JSONEventData =>
  jsonEvent({ id: randomUUID(), type, data: { number }, metadata: { source: 'contract' } });

export const someTested = (count: number, type = 'Tested'): JSONEventData[] =>
  Array.from({ length: count }, (_, number) => tested(number, type));

export async function collect<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
}

export const revisions = (events: readonly ResolvedEvent[]): bigint[] =>
  events.map(({ event }) => event?.revision ?? -1n);

export const ids = (events: readonly (ResolvedEvent | EventData)[]): (string | undefined)[] =>
  events.map((event) => ('id' in event ? event.id : event.event?.id));

/** The position of an append that was written just now. */
export function positionOf({ position }: AppendResult): { commit: bigint; prepare: bigint } {
  if (position === undefined) throw new Error('The append gave no position.');
  return position;
}

/** The ways in which the client appends: many on one stream, or, with credentials, one a call. */
export const ways = [
  { way: 'in a batch', options: {} },
  { way: 'by itself', options: { credentials: { username: 'admin', password: 'changeit' } } },
] as const;

/** Takes events from a subscription until the condition says that it was the last. */
export async function takeUntil<Event>(
  subscription: AsyncIterable<Event> & { unsubscribe(): Promise<void> },
  isLast: (event: Event, taken: readonly Event[]) => boolean,
): Promise<Event[]> {
  const taken: Event[] = [];
  for await (const event of subscription) {
    taken.push(event);
    if (isLast(event, taken)) break;
  }
  await subscription.unsubscribe();
  return taken;
}
