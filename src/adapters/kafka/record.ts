import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
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

/** What others may go by without reading the value, and where in the metadata it stands. */
const told = [
  ['schema_version', 'v'],
  ['correlation_id', '$correlationId'],
  ['causation_id', '$causationId'],
  ['traceparent', 'traceparent'],
] as const;

/** An event as a record: its place and envelope in the headers, for those who only look at these. */
export function eventMessage(event: StoredEvent, chain: Chained): Message {
  const { id, stream, revision, position, type, data, metadata } = event;
  const headers: IHeaders = {
    ...placeHeaders(position, chain),
    event_id: id,
    stream,
    revision: String(revision),
    type,
  };
  if (isRecord(metadata)) {
    for (const [header, field] of told) {
      const value = metadata[field];
      if (typeof value === 'string' || typeof value === 'number') headers[header] = String(value);
    }
  }
  return { key: unitOf(stream), value: JSON.stringify({ data, metadata }), headers };
}

interface Content {
  readonly data?: unknown;
  readonly metadata?: unknown;
  readonly [field: string]: unknown;
}

const isRecord = (value: unknown): value is Content => typeof value === 'object' && value !== null;

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
    const content: unknown = JSON.parse(value.toString());
    if (!isRecord(content)) throw new TypeError('The value is no object.');
    const { data, metadata } = content;
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
