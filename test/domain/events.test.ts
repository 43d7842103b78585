import test from 'ava';
import { z } from 'zod';
import { eventVersions, olderVersion } from '../../src/domain/event-table.ts';
import { currentVersionOf, decode, EventFromNewerVersion } from '../../src/domain/events.ts';
import { stored } from '../support/recorded.ts';
import { routeTo } from '../support/routes.ts';

const MovedV1 = z.object({ cents: z.int() });
const MovedV2 = z.object({ amount: z.string(), currency: z.string() });
const Moved = z.object({ amount: z.string().regex(/^\d+\.\d\d$/), asset: z.string() });
const Told = z.object({ what: z.string().default('nothing') });

const inYuan = ({ cents }: z.infer<typeof MovedV1>) => ({
  amount: (cents / 100).toFixed(2),
  currency: 'CNY',
});
const asAsset = ({ amount, currency }: z.infer<typeof MovedV2>) => ({ amount, asset: currency });

const table = { Moved, Told };
const { currentOf, reader } = eventVersions(table, {
  Moved: [olderVersion(MovedV1, inYuan), olderVersion(MovedV2, asAsset)],
});

test('a type is written in the version after its older ones', (t) => {
  t.is(currentOf('Moved'), 3);
  t.is(currentOf('Told'), 1);
});

test('an event of any older version is read as one of the current version', (t) => {
  const now = { amount: '1.50', asset: 'CNY' };
  t.deepEqual(reader('Moved', 1)?.({ cents: 150 }), now);
  t.deepEqual(reader('Moved', 2)?.({ amount: '1.50', currency: 'CNY' }), now);
  t.deepEqual(reader('Moved', 3)?.(now), now);
  t.deepEqual(reader('Told', 1)?.({}), { what: 'nothing' });
});

test('each version is held to its own schema', (t) => {
  const asTheOther = { amount: '1.50', asset: 'CNY' };
  t.throws(() => reader('Moved', 1)?.(asTheOther), { instanceOf: z.ZodError });
  t.throws(() => reader('Moved', 2)?.(asTheOther), { instanceOf: z.ZodError });
  t.throws(() => reader('Moved', 3)?.({ cents: 150 }), { instanceOf: z.ZodError });
});

test('data that an upcaster makes is held to the schema of the next version', (t) => {
  const wrongIn = (first: typeof inYuan, second: typeof asAsset) =>
    eventVersions(table, {
      Moved: [olderVersion(MovedV1, first), olderVersion(MovedV2, second)],
    }).reader('Moved', 1);
  const rounded = (data: z.infer<typeof MovedV2>) => ({ ...asAsset(data), amount: '2' });
  const nowhere = () => ({ amount: '1.50' }) as ReturnType<typeof inYuan>;
  t.throws(() => wrongIn(inYuan, rounded)?.({ cents: 150 }), { instanceOf: z.ZodError });
  t.throws(() => wrongIn(nowhere, asAsset)?.({ cents: 150 }), { instanceOf: z.ZodError });
});

test('a version or a type that is not in the table has no reader', (t) => {
  t.is(reader('Moved', 4), undefined);
  t.is(reader('Moved', 0), undefined);
  t.is(reader('Moved', 1.5), undefined);
  t.is(reader('Lent', 1), undefined);
  t.is(reader('toString', 1), undefined);
});

test('an event of an unknown type or version is from a newer release', (t) => {
  const event = stored({
    type: 'RouteChanged',
    data: { alias: 'demo', ...routeTo([{ upstream: 'sandbox', model: 'demo', weight: 1 }]) },
  });
  const next = currentVersionOf('RouteChanged') + 1;
  const unknown = [
    { ...event, metadata: { v: next } },
    { ...event, metadata: { v: 0 } },
    { ...event, metadata: {} },
    { ...event, metadata: null },
    { ...event, type: 'RouteBent' },
    { ...event, type: 'constructor' },
  ];
  for (const each of unknown) {
    t.throws(() => decode(each), { instanceOf: EventFromNewerVersion });
  }
  t.like(decode(event), { type: 'RouteChanged', data: { alias: 'demo' } });
});
