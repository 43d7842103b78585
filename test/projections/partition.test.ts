import test from 'ava';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { partitionCount, partitionOf, unitOf } from '../../src/projections/partition.ts';

test('the streams of one wallet are one unit', (t) => {
  t.is(unitOf('wallet-a@0'), 'wallet-a');
  t.is(unitOf('wallet-a@17'), 'wallet-a');
  t.is(unitOf('settings'), 'settings');
  t.is(partitionOf('wallet-a@0'), partitionOf('wallet-a@9'));
});

test("a unit's partition is the one that Kafka's clients give its key", (t) => {
  const theirs = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
    partitionId,
    leader: 1,
    partitionErrorCode: 0,
    replicas: [1],
    isr: [1],
  }));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
      const key = unitOf(text);
      const chosen = theirs({ topic: 't', partitionMetadata, message: { key, value: null } });
      // An empty key is no key to them.
      t.true(key === '' || chosen === partitionOf(text));
    }),
  );
});
