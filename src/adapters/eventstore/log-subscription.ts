import type { EventStoreDBClient } from '@eventstore/db-client';
import { backOff } from '../back-off.ts';
import { reasonOf } from '../reason-of.ts';
import type { FeedItem, FeedStart } from './log.ts';
import type { LogHealth } from './log-health.ts';
import type { ReadAnswer } from './read-answer.ts';
import { answersTo } from './read-stream.ts';
import { isSystem } from './stored-event.ts';
import { subscribeRequest } from './subscribe-request.ts';

/** Follows the log: whatever ends a subscription, another starts after the last event received. */
export async function* logSubscription(
  client: EventStoreDBClient,
  health: LogHealth,
  start: FeedStart,
): AsyncGenerator<FeedItem, void, undefined> {
  const { signal } = start;
  let { after } = start;
  const note = (item: FeedItem) => {
    if (item.kind === 'event') after = item.event.position;
    else health.succeeded();
  };
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      for await (const items of subscribeOnce(client, { ...start, after })) {
        failures = 0;
        for (const item of items) {
          note(item);
          yield item;
        }
      }
    } catch (error) {
      if (!signal.aborted) health.failed(reasonOf(error));
    }
    await backOff(failures, { firstMs: 50, mostMs: 2_000, signal }).catch(() => undefined);
  }
}

async function* subscribeOnce(
  client: EventStoreDBClient,
  { signal, onAlive, ...start }: FeedStart,
): AsyncGenerator<readonly FeedItem[], void, undefined> {
  const asked = { request: subscribeRequest(start), requiresLeader: false, signal };
  for await (const answers of answersTo(client, asked)) {
    // A checkpoint is a sign of life and nothing else: it has been wrong in releases of EventStoreDB.
    onAlive?.();
    yield answers.flatMap(itemIn);
  }
  if (!signal.aborted) throw new Error('The log ended a subscription.');
}

function itemIn(answer: ReadAnswer): readonly FeedItem[] {
  if (answer.kind === 'caught_up') return [{ kind: 'caught_up' }];
  if (answer.kind !== 'event' || !answer.event || isSystem(answer.event)) return [];
  return [{ kind: 'event', event: answer.event }];
}
