import { writeFileSync } from 'node:fs';
import { envelopeOf } from '../../src/adapters/eventstore/envelope-of.ts';
import type { DomainEvent, EventType, StoredEvent } from '../../src/domain/events.ts';
import {
  currentVersionOf,
  decode,
  eventsOfStream,
  eventTable,
  isEventType,
} from '../../src/domain/events.ts';
import { eventIdOf } from '../../src/domain/ids.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { walletId } from '../support/wallets.ts';
import type { Golden } from './corpus.ts';
import { corpus, fileOf, folder, readAs, storedAs } from './corpus.ts';
import { bare, shapesIn } from './shapes.ts';
import { contextOf, story } from './story.ts';

/**
 * `npm run golden`: records events of each type in every shape of which the files of its version have none
 * yet, and what older events are now read as, beside what they were read as before. It only ever adds.
 */
const known = corpus();
for (const [file, golden] of known) write(file, golden.map(withDecoded));
for (const type of Object.keys(eventTable).filter(isEventType)) {
  const file = fileOf(type, currentVersionOf(type));
  const before = (known.get(file) ?? []).map(withDecoded);
  const golden = [...before, ...newTo(before, type)];
  if (golden.length === 0) throw new Error(`story.ts tells of no ${type}.`);
  write(file, golden);
}

function write(file: string, golden: Golden): void {
  writeFileSync(new URL(file, folder), `${JSON.stringify(golden, null, 2)}\n`);
}

function withDecoded(golden: Golden[number]): Golden[number] {
  const event = decode(storedAs(golden));
  const version = String(currentVersionOf(event.type));
  if (Object.hasOwn(golden.decoded, version)) return golden;
  return { ...golden, decoded: { ...golden.decoded, [version]: readAs(event) } };
}

/** The story's events that show something new, and one as it was before there were optional fields. */
function newTo(golden: Golden, type: EventType): Golden {
  const schema = eventTable[type];
  const seen = new Set(golden.flatMap(({ event }) => shapesIn(schema, event.data)));
  let isFirst = golden.length === 0;
  const chosen = story.filter((event) => {
    if (event.type !== type) return false;
    const shapes = shapesIn(schema, event.data);
    const isNew = isFirst || shapes.some((shape) => !seen.has(shape));
    isFirst = false;
    for (const shape of shapes) seen.add(shape);
    return isNew;
  });
  const events = chosen.map(({ data }): unknown => data);
  const oldest = bare(schema, events.at(-1));
  const isNew = shapesIn(schema, oldest).some((shape) => !seen.has(shape));
  const added = isNew ? [...events, oldest] : events;
  return added.map((data, index) => goldenOf(type, data, golden.length + index));
}

function goldenOf(type: EventType, data: unknown, index: number): Golden[number] {
  const context = contextOf(type);
  const event = {
    id: eventIdOf(context.commandId, index),
    stream: streamFor(type),
    revision: String(index),
    position: String(1000 + index),
    type,
    data,
    metadata: envelopeOf(type, context, context.at),
  };
  // What the log keeps is JSON, which has no undefined.
  const kept: Golden[number]['event'] = JSON.parse(JSON.stringify(event));
  return withDecoded({ event: kept, decoded: {} });
}

function streamFor(type: DomainEvent['type']): StoredEvent['stream'] {
  for (const [kind, events] of Object.entries(eventsOfStream)) {
    const name = Object.entries(streamOf).find(([each]) => each === kind)?.[1];
    if (name && Object.hasOwn(events, type)) return name(kind === 'wallet' ? walletId : 'golden');
  }
  throw new Error(`${type} stands in no stream.`);
}
