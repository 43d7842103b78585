import { aliasEvents } from './alias/events.ts';
import { apiKeyEvents } from './api-key/events.ts';
import { budgetEvents } from './budget/events.ts';
import { clientAppEvents } from './client-app/events.ts';
import { emailEvents } from './email/events.ts';
import { Envelope } from './envelope.ts';
import type { EventOf, EventTable, OlderVersions } from './event-table.ts';
import { eventVersions } from './event-table.ts';
import { memberEvents } from './member/events.ts';
import { onceEvents } from './once/events.ts';
import { priceListEvents } from './price-list/events.ts';
import { readModelEvents } from './read-model/events.ts';
import { olderRouteEvents, routeEvents } from './route/events.ts';
import { settingsEvents } from './settings/events.ts';
import type { streamOf } from './streams.ts';
import { upstreamEvents } from './upstream/events.ts';
import { walletEvents } from './wallet/events.ts';

/** Every event there is, by the kind of stream that it stands in. */
export const eventsOfStream = {
  alias: aliasEvents,
  apiKey: apiKeyEvents,
  budget: budgetEvents,
  clientApp: clientAppEvents,
  email: emailEvents,
  member: memberEvents,
  once: onceEvents,
  priceList: priceListEvents,
  readModel: readModelEvents,
  route: routeEvents,
  settings: settingsEvents,
  upstream: upstreamEvents,
  wallet: walletEvents,
} as const satisfies Readonly<Record<keyof typeof streamOf, EventTable>>;

/** Every event there is: type → schema of its data. */
export const eventTable = {
  ...aliasEvents,
  ...apiKeyEvents,
  ...budgetEvents,
  ...clientAppEvents,
  ...emailEvents,
  ...memberEvents,
  ...onceEvents,
  ...priceListEvents,
  ...readModelEvents,
  ...routeEvents,
  ...settingsEvents,
  ...upstreamEvents,
  ...walletEvents,
};

export type DomainEvent = EventOf<typeof eventTable>;
export type EventType = DomainEvent['type'];

export const isEventType = (type: string): type is EventType => Object.hasOwn(eventTable, type);

/** Versions that are read and no longer written; none of them is ever removed. */
const olderVersions: OlderVersions<EventType> = { ...olderRouteEvents };
const versions = eventVersions(eventTable, olderVersions);

/** The version in which a type is written, and read without an upcast. */
export const currentVersionOf = (type: EventType): number => versions.currentOf(type);

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

/** An event as this release knows it, whichever version was written; throws on anything unknown. */
export function decode(event: StoredEvent): Recorded {
  const v = versionIn(event.metadata) ?? 'unknown';
  const read = v === 'unknown' ? undefined : versions.reader(event.type, v);
  if (!read) throw new EventFromNewerVersion(event, v);
  const data = read(event.data);
  const meta = Envelope.parse(event.metadata);
  const { id, stream, revision, position } = event;
  // The table's key and schema belong together, which the type system can't follow through a lookup.
  return { type: event.type, data, id, stream, revision, position, meta } as Recorded;
}

/** Looked at by hand: every event passes here before the schema of its whole envelope. */
function versionIn(metadata: unknown): number | undefined {
  if (typeof metadata !== 'object' || metadata === null || !('v' in metadata)) return undefined;
  const { v } = metadata;
  return typeof v === 'number' && Number.isSafeInteger(v) && v > 0 ? v : undefined;
}
