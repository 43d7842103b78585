import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { z } from 'zod';
import type { StoredEvent } from '../../domain/events.ts';
import { unitOf } from '../../projections/partition.ts';

/** What a partition of the topic says next. */
export interface FeedRecord {
  /** A later relay's is higher. */
  readonly epoch: bigint;
  /** Of the event; or, without one, everything up to here has been said. */
  readonly position: bigint;
  /** Of the event before it in the same partition; null: it is the first. */
  readonly prev: bigint | null;
  /** Absent in a watermark. */
  readonly event?: StoredEvent;
}

/** Something else writes to the topic. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

export interface Chained {
  readonly epoch: bigint;
  readonly prev: bigint | null;
}

const Metadata = z.object({
  v: z.int().optional(),
  $correlationId: z.string().optional(),
  $causationId: z.string().optional(),
  traceparent: z.string().optional(),
});

/** An event as a record: its place and envelope in the headers, for those who only look at these. */
export function eventMessage(event: StoredEvent, chain: Chained): Message {
  const { id, stream, revision, position, type, data, metadata } = event;
  const { v, $correlationId, $causationId, traceparent } = Metadata.catch({}).parse(metadata);
  return {
    key: unitOf(stream),
    value: JSON.stringify({ data, metadata }),
    headers: {
      ...placeHeaders(position, chain),
      event_id: id,
      stream,
      revision: String(revision),
      type,
      ...(v === undefined ? {} : { schema_version: String(v) }),
      ...($correlationId === undefined ? {} : { correlation_id: $correlationId }),
      ...($causationId === undefined ? {} : { causation_id: $causationId }),
      ...(traceparent === undefined ? {} : { traceparent }),
    },
  };
}

/** Says up to where a partition is told. */
export const watermark = (position: bigint, chain: Chained): Message => ({
  key: null,
  value: null,
  headers: placeHeaders(position, chain),
});

const placeHeaders = (position: bigint, { epoch, prev }: Chained) => ({
  position: String(position),
  prev: prev === null ? '' : String(prev),
  epoch: String(epoch),
});

const Content = z.object({ data: z.unknown(), metadata: z.unknown() });

export function readRecord({ headers = {}, value, offset }: KafkaMessage): FeedRecord {
  try {
    const position = BigInt(textOf(headers, 'position'));
    const before = textOf(headers, 'prev');
    const place = {
      epoch: BigInt(textOf(headers, 'epoch')),
      position,
      prev: before === '' ? null : BigInt(before),
    };
    if (value === null) return place;
    const { data, metadata } = Content.parse(JSON.parse(value.toString()));
    const event: StoredEvent = {
      id: textOf(headers, 'event_id'),
      stream: textOf(headers, 'stream'),
      revision: BigInt(textOf(headers, 'revision')),
      position,
      type: textOf(headers, 'type'),
      data,
      metadata,
    };
    return { ...place, event };
  } catch (cause) {
    throw new UnreadableRecord(`The record at offset ${offset} is no event of ours.`, { cause });
  }
}

function textOf(headers: IHeaders, name: string): string {
  const value = headers[name];
  if (value === undefined || Array.isArray(value))
    throw new Error(`The header ${name} is missing.`);
  return value.toString();
}
