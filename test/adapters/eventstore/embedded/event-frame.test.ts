import streams from '@eventstore/db-client/generated/streams_pb.js';
import test from 'ava';
import fc from 'fast-check';
import { eventFrame } from '../../../../src/adapters/eventstore/embedded/event-frame.ts';
import type { RecordedEvent } from '../../../../src/adapters/eventstore/embedded/recorded-event.ts';
import { deletedRevision } from '../../../../src/adapters/eventstore/embedded/recorded-event.ts';

const Whole = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const Text = fc.string({ unit: 'grapheme', maxLength: 300 });
const Recorded: fc.Arbitrary<RecordedEvent> = fc.record({
  position: Whole,
  stream: Text,
  revision: fc.oneof(Whole.map(String), fc.constant(deletedRevision)),
  id: fc.uuid(),
  type: Text,
  created: Whole.map(String),
  isJson: fc.boolean(),
  data: fc.uint8Array({ maxLength: 20_000 }),
  metadata: fc.uint8Array({ maxLength: 300 }),
});

test('a frame says all of an event', (t) => {
  fc.assert(
    fc.property(Recorded, (event) => {
      const answer = streams.ReadResp.deserializeBinary(
        new Uint8Array(eventFrame({ event: { ...event }, link: undefined }, false)),
      );
      const read = answer.getEvent();
      const said = read?.getEvent();
      t.is(read?.hasCommitPosition(), true);
      t.is(read?.getCommitPosition(), `${event.position}`);
      t.is(said?.getId()?.getString(), event.id);
      t.is(textOf(said?.getStreamIdentifier()?.getStreamName_asU8()), event.stream);
      t.is(said?.getStreamRevision(), event.revision);
      t.is(said?.getCommitPosition(), `${event.position}`);
      t.is(said?.getPreparePosition(), `${event.position}`);
      t.is(said?.getMetadataMap().get('type'), event.type);
      t.is(said?.getMetadataMap().get('created'), event.created);
      const form = event.isJson ? 'application/json' : 'application/octet-stream';
      t.is(said?.getMetadataMap().get('content-type'), form);
      t.deepEqual(said?.getData_asU8(), event.data);
      t.deepEqual(said?.getCustomMetadata_asU8(), event.metadata);
    }),
  );
});

test('an event has one frame for all who read it', (t) => {
  const [event] = fc.sample(Recorded, 1);
  const read = { event, link: undefined };
  t.is(eventFrame(read, false), eventFrame(read, false));
});

const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('utf8');
