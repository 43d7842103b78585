import type { NewEvent } from '../../src/adapters/eventstore/log.ts';
import type { DomainEvent, Recorded, StoredEvent } from '../../src/domain/events.ts';
import { currentVersionOf, decode } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';

export interface Place {
  readonly position?: bigint;
  readonly stream?: string;
  readonly revision?: bigint;
  readonly at?: string;
}

/** An event as the log would keep it. */
export const stored = (
  { type, data }: DomainEvent,
  {
    position = 7n,
    stream = 'wallet-test@0',
    revision = 0n,
    at = '2026-01-01T12:00:00.000Z',
  }: Place = {},
): StoredEvent => ({
  id: nameId(`${stream}/${revision}`),
  stream,
  revision,
  position,
  type,
  data,
  metadata: {
    v: currentVersionOf(type),
    commandId: `command-${position}`,
    $correlationId: `request-${position}`,
    actor: { type: 'system', id: 'test' },
    recordedAt: at,
    effectiveAt: at,
    source: 'test',
  },
});

/** An event as it is written at a place. */
export function recordedAs(event: DomainEvent, place: Place): NewEvent {
  const { id, type, data, metadata } = stored(event, place);
  return { id, type, data: { ...Object(data) }, metadata: { ...Object(metadata) } };
}

/** An event as handlers get it. */
export const recorded = (event: DomainEvent, place: Place = {}): Recorded =>
  decode(stored(event, place));

/** A history, one position after the other, in one stream. */
export const storedHistory = (
  events: readonly DomainEvent[],
  { position = 0n, ...place }: Place = {},
): readonly StoredEvent[] =>
  events.map((event, index) =>
    stored(event, { ...place, position: position + BigInt(index), revision: BigInt(index) }),
  );
