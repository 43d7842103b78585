import test from 'ava';
import { currentVersionOf, decode, eventTable, isEventType } from '../../src/domain/events.ts';
import { fold } from '../../src/projections/fold.ts';
import { projections } from '../../src/projections/registry.ts';
import { corpus, fileOf, readAs, storedAs } from './corpus.ts';
import { shapesIn, shapesOf } from './shapes.ts';

const rule =
  'Golden files are append-only: they are what logs in the field hold. Change the code, not the file; ' +
  'a changed shape is a new version of its type with an upcaster, and `npm run golden` records it.';
const all = [...corpus()];
const types = Object.keys(eventTable).filter(isEventType);

/** What a schema allows and no release has ever written. */
const never: ReadonlySet<string> = new Set([
  // A limit that is lifted is in no book.
  ...['WalletPeriodOpened', 'WalletPeriodClosed'].map(
    (type) => `${type}: state.limits[].most is null`,
  ),
  // Only what an event without the field is read as.
  'LateSettlementPosted: first is null',
  // What comes late is paid from lots alone.
  'LateSettlementPosted: consumed[].lotId is null',
  // What a call would be charged for it got from somebody.
  ...['upstream', 'upstreamModel'].map((field) => `LateCostsPosted: ${field} is null`),
]);

test('every version of every type has a golden file', (t) => {
  const files = new Set(all.map(([file]) => file));
  for (const type of types) {
    for (let version = 1; version <= currentVersionOf(type); version += 1) {
      const file = fileOf(type, version);
      t.true(files.has(file), `${file} is missing: npm run golden. ${rule}`);
    }
  }
});

test('a golden file holds events of its type and version', (t) => {
  for (const [file, golden] of all) {
    t.true(golden.length > 0, file);
    for (const { event } of golden) t.is(fileOf(event.type, event.metadata.v), file);
  }
});

for (const [file, golden] of all) {
  test(`${file} is read as it was when it was recorded`, (t) => {
    for (const each of golden) {
      t.notThrows(() => decode(storedAs(each)), `${file} is not read. ${rule}`);
      const event = decode(storedAs(each));
      const version = currentVersionOf(event.type);
      const decoded = each.decoded[version];
      t.truthy(decoded, `${file} doesn't say how v${version} reads it: npm run golden. ${rule}`);
      t.deepEqual(readAs(event), decoded, `${file} is read as something else. ${rule}`);
    }
  });
}

test('every golden event is projected by every read model', (t) => {
  for (const [file, golden] of all) {
    for (const event of golden.map((each) => decode(storedAs(each)))) {
      for (const projection of projections) {
        const why = `${projection.name} doesn't project ${file}. ${rule}`;
        t.notThrows(() => fold(projection, [event]), why);
      }
    }
  }
});

test('a read model is fed by no other events than it says', (t) => {
  for (const [, golden] of all) {
    for (const event of golden.map((each) => decode(storedAs(each)))) {
      for (const { name, fedBy, rowsOf } of projections) {
        const isFed = fedBy === 'every event' || fedBy.includes(event.type);
        t.true(isFed || rowsOf(event).length === 0, `${name}: ${event.type}`);
      }
    }
  }
});

test('what is written now is recorded with every field left out that may be, and null where it may be', (t) => {
  for (const type of types) {
    const schema = eventTable[type];
    const golden = new Map(all).get(fileOf(type, currentVersionOf(type))) ?? [];
    const seen = new Set(golden.flatMap(({ event }) => shapesIn(schema, event.data)));
    const missing = shapesOf(schema).filter((shape) => !seen.has(shape));
    t.deepEqual(
      missing.filter((shape) => !never.has(`${type}: ${shape}`)),
      [],
      `No golden ${type} has these: tell of them in story.ts, then npm run golden. ${rule}`,
    );
  }
});
