import type { AllStreamResolvedEvent, EventStoreDBClient } from '@eventstore/db-client';
import { excludeSystemEvents, START, streamNameFilter } from '@eventstore/db-client';
import { backOff } from '../back-off.ts';
import { reasonOf } from '../reason-of.ts';
import type { FeedItem, FeedStart } from './log.ts';
import type { LogHealth } from './log-health.ts';
import { isSystem, storedEvent } from './stored-event.ts';

/** Follows the log: whatever ends a subscription, another starts after the last event received. */
export async function* logSubscription(
  client: EventStoreDBClient,
  health: LogHealth,
  start: FeedStart,
): AsyncGenerator<FeedItem, void, undefined> {
  const { signal } = start;
  let { after } = start;
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      for await (const item of subscribeOnce(client, { ...start, after })) {
        failures = 0;
        if (item.kind === 'event') after = item.event.position;
        else health.succeeded();
        yield item;
      }
      if (!signal.aborted) health.failed('The log ended a subscription.');
    } catch (error) {
      if (!signal.aborted) health.failed(reasonOf(error));
    }
    await backOff(failures, { firstMs: 50, mostMs: 2_000, signal }).catch(() => undefined);
  }
}

/** Takes its place among the events, where the server said it. */
const caughtUp: AllStreamResolvedEvent = {};

async function* subscribeOnce(
  client: EventStoreDBClient,
  { after, prefixes, signal, onAlive }: FeedStart,
): AsyncGenerator<FeedItem, void, undefined> {
  const subscription = client.subscribeToAll({
    fromPosition: after === null ? START : { commit: after, prepare: after },
    filter: filterOf(prefixes, onAlive),
  });
  const aborted = () => void subscription.destroy();
  signal.addEventListener('abort', aborted, { once: true });
  // A connection may fail when nobody iterates any more.
  subscription.on('error', () => undefined);
  subscription.on('caughtUp', () => subscription.push(caughtUp));
  try {
    for await (const resolved of subscription) {
      onAlive?.();
      const item = resolved === caughtUp ? ({ kind: 'caught_up' } as const) : eventItem(resolved);
      if (item) yield item;
    }
  } finally {
    signal.removeEventListener('abort', aborted);
    // Leaving the loop doesn't tell the server.
    subscription.unsubscribe().catch(() => undefined);
  }
}

function eventItem(resolved: AllStreamResolvedEvent): FeedItem | undefined {
  const event = storedEvent(resolved);
  return event && !isSystem(event) ? { kind: 'event', event } : undefined;
}

function filterOf(prefixes: readonly string[] | undefined, onAlive: (() => void) | undefined) {
  // A checkpoint is a sign of life and nothing else: it has been wrong in releases of EventStoreDB.
  const options = { checkpointReached: () => Promise.resolve(onAlive?.()) };
  return prefixes
    ? streamNameFilter({ prefixes: [...prefixes], ...options })
    : excludeSystemEvents(options);
}
