import test from 'ava';
import { memberPosition } from '../../../src/adapters/kafka/member-position.ts';

const positionIn = (partition: number) => [7n, 5n, undefined, null][partition];

test('a member stands where the last of its partitions stands, but for those that stopped', (t) => {
  t.is(memberPosition(new Set([0, 1, 2]), positionIn), 5n);
  t.is(memberPosition(new Set([0, 3]), positionIn), null);
});

test('a member without partitions stands nowhere, which is not at the beginning', (t) => {
  t.is(memberPosition(new Set(), positionIn), undefined);
  t.is(memberPosition(undefined, positionIn), null);
});
