import { z } from 'zod';
import { apiKeyEvents } from './api-key/events.ts';
import { emailEvents } from './email/events.ts';
import { Envelope } from './envelope.ts';
import type { EventOf } from './event-table.ts';
import { memberEvents } from './member/events.ts';
import { onceEvents } from './once/events.ts';
import { priceListEvents } from './price-list/events.ts';
import { routeEvents } from './route/events.ts';
import { settingsEvents } from './settings/events.ts';
import { walletEvents } from './wallet/events.ts';

/** Every event there is: type → schema of its data. */
export const eventTable = {
  ...apiKeyEvents,
  ...emailEvents,
  ...memberEvents,
  ...onceEvents,
  ...priceListEvents,
  ...routeEvents,
  ...settingsEvents,
  ...walletEvents,
};

export type DomainEvent = EventOf<typeof eventTable>;
export type EventType = DomainEvent['type'];

/** An event as the log keeps it, before anybody has looked inside. */
export interface StoredEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** A decoded event with its place in the log and its envelope. */
export type Recorded<Event extends DomainEvent = DomainEvent> = Event & {
  readonly id: string;
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly meta: Envelope;
};

/** A newer release wrote this event: whoever folds it must wait for that release. */
export class EventFromNewerVersion extends Error {
  constructor(event: StoredEvent, version: unknown) {
    super(`${event.type} v${String(version)} in ${event.stream} is from a newer version.`);
    this.name = 'EventFromNewerVersion';
  }
}

/** The version that is written, and read without an upcast. */
export const currentVersion = 1;

const Version = z.object({ v: z.int().positive() });

/** Checks an event against the schema of its type and version; throws on anything unknown. */
export function decode(event: StoredEvent): Recorded {
  const version = Version.safeParse(event.metadata);
  const v = version.success ? version.data.v : 'unknown';
  if (!isEventType(event.type) || v !== currentVersion) throw new EventFromNewerVersion(event, v);
  const data = eventTable[event.type].parse(event.data);
  const meta = Envelope.parse(event.metadata);
  const { id, stream, revision, position } = event;
  // The table's key and schema belong together, which the type system can't follow through an index.
  return { type: event.type, data, id, stream, revision, position, meta } as Recorded;
}

const isEventType = (type: string): type is EventType => Object.hasOwn(eventTable, type);
