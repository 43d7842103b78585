import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import test from 'ava';
import fc from 'fast-check';
import { readAnswer } from '../../../src/adapters/eventstore/read-answer.ts';
import { uuidMessage } from '../../../src/adapters/eventstore/uuid.ts';

const { ReadResp } = streams;
const { ReadEvent } = ReadResp;

const Uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const Event = fc.record({
  id: fc.uuid(),
  stream: fc.string({ unit: 'grapheme', maxLength: 300 }),
  revision: Uint64,
  position: Uint64,
  type: fc.string({ unit: 'grapheme' }),
  data: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
  metadata: fc.dictionary(fc.string(), fc.jsonValue()),
});
type Event = typeof Event extends fc.Arbitrary<infer T> ? T : never;

interface Form {
  readonly structured?: boolean;
  readonly contentType?: string;
  readonly data?: Uint8Array;
  readonly metadata?: Uint8Array;
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function recorded(event: Event, form: Form = {}) {
  const message = new ReadEvent.RecordedEvent()
    .setId(uuidMessage(event.id, form.structured ?? false))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(event.stream)))
    .setStreamRevision(`${event.revision}`)
    .setCommitPosition(`${event.position}`)
    .setPreparePosition(`${event.position}`)
    .setCustomMetadata(form.metadata ?? json(event.metadata))
    .setData(form.data ?? json(event.data));
  message
    .getMetadataMap()
    .set('created', '17000000000000000')
    .set('type', event.type)
    .set('content-type', form.contentType ?? 'application/json');
  return message;
}

const answered = (read: streams.ReadResp.ReadEvent) =>
  readAnswer(Buffer.from(new ReadResp().setEvent(read).serializeBinary()));

const eventOf = (event: Event, form?: Form) => {
  const answer = answered(new ReadEvent().setEvent(recorded(event, form)).setCommitPosition('7'));
  return answer.kind === 'event' ? answer.event : undefined;
};

const some: Event = {
  id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479',
  stream: 'wallet-1@0',
  revision: 3n,
  position: 9n,
  type: 'Tested',
  data: {},
  metadata: {},
};

test('an event is read as it was written, in either form of its id', (t) => {
  fc.assert(
    fc.property(Event, fc.boolean(), (event, structured) => {
      t.deepEqual(eventOf(event, { structured }), JSON.parse(toJson(event), fromJson));
    }),
  );
});

/** As JSON keeps it: no minus zero, and no prototypes. */
const toJson = (event: Event) =>
  JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
const fromJson = (key: string, value: unknown) =>
  key === 'revision' || key === 'position' ? BigInt(String(value).slice(0, -1)) : value;

test('what is no JSON is handed on as it is', (t) => {
  const bytes = Buffer.from('{"half');
  t.is(eventOf(some, { data: bytes })?.data, '{"half');
  t.deepEqual(eventOf(some, { metadata: bytes })?.metadata, bytes);
  t.is(eventOf(some, { metadata: Buffer.alloc(0) })?.metadata, undefined);
  const contentType = 'application/octet-stream';
  t.deepEqual(eventOf(some, { data: json({}), contentType })?.data, json({}));
});

test('a link is no event, and what it leads to is', (t) => {
  const link = recorded({ ...some, type: '$>' });
  t.deepEqual(answered(new ReadEvent().setLink(link)), { kind: 'event', event: undefined });
  const answer = answered(new ReadEvent().setLink(link).setEvent(recorded(some)));
  t.like(answer, { kind: 'event', event: { type: 'Tested' } });
});

test('other answers say that there is no stream, how far was looked, or that this is the end', (t) => {
  const kindOf = (answer: streams.ReadResp) =>
    readAnswer(Buffer.from(answer.serializeBinary())).kind;
  t.is(kindOf(new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound())), 'not_found');
  t.is(kindOf(new ReadResp().setFirstStreamPosition('7')), 'other');
  t.is(kindOf(new ReadResp().setCaughtUp(new ReadResp.CaughtUp())), 'caught_up');
  t.is(kindOf(new ReadResp().setCheckpoint(new ReadResp.Checkpoint())), 'checkpoint');
  t.is(readAnswer(Buffer.from([0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7d, 1, 2, 3, 4])).kind, 'other');
});

test('a message that is cut short is no message', (t) => {
  const bytes = Buffer.from(
    new ReadResp().setEvent(new ReadEvent().setEvent(recorded(some))).serializeBinary(),
  );
  for (let length = 1; length < bytes.length; length += 1) {
    t.throws(() => readAnswer(bytes.subarray(0, length)), { instanceOf: RangeError });
  }
});
