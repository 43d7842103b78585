import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import fc from 'fast-check';
import { PersistentMap } from '../../src/domain/persistent-map.ts';

interface Step {
  /** Which earlier version it starts from: mostly the newest. */
  readonly from: number;
  readonly key: number;
  readonly value: number | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  from: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(30)),
  key: fc.nat(6),
  value: fc.option(fc.nat(), { nil: undefined }),
});

interface Version {
  readonly ours: PersistentMap<number, number>;
  readonly plain: ReadonlyMap<number, number>;
}

function changed({ ours, plain }: Version, { key, value }: Step): Version {
  const copy = new Map(plain);
  if (value === undefined) {
    copy.delete(key);
    return { ours: ours.delete(key), plain: copy };
  }
  return { ours: ours.set(key, value), plain: copy.set(key, value) };
}

const sorted = (entries: Iterable<readonly [number, number]>) =>
  JSON.stringify([...entries].sort(([a], [b]) => a - b));

const agree = ({ ours, plain }: Version): boolean =>
  ours.size === plain.size &&
  sorted(ours.entries()) === sorted(plain) &&
  [0, 1, 2, 3, 4, 5, 6].every((key) => ours.get(key) === plain.get(key));

test('every version stays what it was, whichever is changed or read next', (t) => {
  const history = fc.tuple(fc.array(step, { maxLength: 60 }), fc.array(fc.nat(60)));
  t.notThrows(() =>
    fc.assert(
      fc.property(history, ([steps, looks]) => {
        const versions: Version[] = [{ ours: PersistentMap.of(), plain: new Map() }];
        for (const each of steps) {
          const base = versions[Math.max(0, versions.length - 1 - each.from)];
          if (base) versions.push(changed(base, each));
        }
        return [...looks, ...versions.keys()].every((look) => {
          const version = versions[look % versions.length];
          return version !== undefined && agree(version);
        });
      }),
      { numRuns: 500 },
    ),
  );
});

test('the empty version that many begin with keeps nothing of what becomes of them', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const empty = PersistentMap.of<string, object>();
  let first: object | undefined = { written: 'first' };
  const seen = new WeakRef(first);
  let newest = empty.set('key', first).set('key', { written: 'last' });
  first = undefined;
  await setImmediate();
  collect();
  t.is(seen.deref(), undefined);
  newest = newest.delete('key');
  t.deepEqual([empty.size, newest.size], [0, 0]);
});
