import { randomBytes, randomUUID } from 'node:crypto';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { openPool } from '../../../src/adapters/postgres/pool.ts';
import { orphanUpstreamKeyRemoval } from '../../../src/adapters/vault/orphan-upstream-keys.ts';
import { upstreamKeys } from '../../../src/adapters/vault/upstream-keys.ts';
import { openVault } from '../../../src/adapters/vault/vault.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import type { ProviderKey } from '../../../src/domain/upstream/events.ts';
import { query, statement } from '../../../src/projections/query.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { testDatabase } from '../../support/postgres.ts';
import { contextOf } from '../../support/purse.ts';

const masterKey = randomBytes(32);

async function world(t: { teardown(end: () => Promise<void>): void }) {
  const url = await testDatabase(t);
  await migrate(url);
  const pool = await openPool(url);
  t.teardown(() => pool.end());
  const keys = upstreamKeys(await openVault({ pool, masterKey }));
  let now = new Date('2026-01-01T00:00:00.000Z');
  const clock = () => now;
  const eventLog = memoryLog();
  const { upstream } = runners({ log: eventLog, clock });
  const removal = orphanUpstreamKeyRemoval({
    ...{ eventLog, pool, clock, log: pino({ level: 'silent' }) },
  });
  return {
    pool,
    keys,
    removal,
    /** How many each of two looks removed. */
    removedTwice: async () => [await removal.remove(), await removal.remove()],
    pass: (ms: number) => {
      now = new Date(now.getTime() + ms);
    },
    change: (id: string, of: readonly ProviderKey[]) =>
      upstream.run(
        streamOf.upstream(id),
        () => ({
          type: 'ChangeUpstream',
          ...{ id, kind: 'openai', baseUrl: 'https://api.example.com', capacity: null },
          ...{ enabled: true, keys: of },
        }),
        contextOf(randomUUID()),
      ),
    remove: (id: string) =>
      upstream.run(
        streamOf.upstream(id),
        () => ({ type: 'RemoveUpstream', id }),
        contextOf(randomUUID()),
      ),
    age: () =>
      pool.query(statement`UPDATE vault.secrets SET changed_at = changed_at - interval '2 hours'`),
    kept: async () =>
      (
        await pool.any(
          query(z.object({ name: z.string() }))`
            SELECT name FROM vault.secrets WHERE name LIKE 'upstream-key/%' ORDER BY name`,
        )
      ).map(({ name }) => name),
  };
}

test('keys are kept sealed, and read again by whoever has the master key', async (t) => {
  const { pool, keys } = await world(t);
  const [first, second, ...more] = await keys.keep(
    'one',
    ['sk-first', 'sk-second', 'sk-first'],
    [],
  );
  if (!first || !second) throw new Error('There are two keys.');
  t.deepEqual(more, []);
  const elsewhere = upstreamKeys(await openVault({ pool, masterKey }));
  t.is(await elsewhere.keyOf('one', first), 'sk-first');
  t.is(await elsewhere.keyOf('one', second), 'sk-second');
  t.not(first.fingerprint, second.fingerprint);
  await t.throwsAsync(elsewhere.keyOf('other', first), { message: /vault has no key/ });
});

test('a key that an upstream has is found again, and not kept twice', async (t) => {
  const { keys, kept } = await world(t);
  const before = await keys.keep('one', ['sk-first', 'sk-second'], []);
  const after = await keys.keep('one', ['sk-second', 'sk-third'], before);
  t.deepEqual(after[0], before[1]);
  t.is((await kept()).length, 3);
});

test('the same key has another fingerprint in another installation', async (t) => {
  const [here, there] = [await world(t), await world(t)];
  const [one] = await here.keys.keep('one', ['sk-same'], []);
  const [other] = await there.keys.keep('one', ['sk-same'], []);
  t.not(one?.fingerprint, other?.fingerprint);
});

test('keys of no upstream are removed after an hour and two looks; all others stay', async (t) => {
  const { keys, change, removal, removedTwice, age, kept, pass } = await world(t);
  const current = await keys.keep('one', ['sk-current'], []);
  await keys.keep('one', ['sk-orphan'], current);
  await keys.keep('never', ['sk-never'], []);
  await change('one', current);
  t.is(await removal.remove(), 0);
  await age();
  t.deepEqual(await removedTwice(), [0, 2]);
  const name = `upstream-key/one/${current[0]?.keyId}`;
  t.deepEqual(await kept(), [name]);
  // Replaced a moment ago: a backup that is being made may still need it.
  const next = await keys.keep('one', ['sk-next'], current);
  await change('one', next);
  await age();
  t.deepEqual(await removedTwice(), [0, 0]);
  pass(3_700_000);
  t.deepEqual(await removedTwice(), [0, 1]);
  t.deepEqual(await kept(), [`upstream-key/one/${next[0]?.keyId}`]);
});

test('keys of an upstream that was removed are removed an hour later', async (t) => {
  const { keys, change, remove, removedTwice, age, kept, pass } = await world(t);
  await change('one', await keys.keep('one', ['sk-last'], []));
  pass(3_700_000);
  await remove('one');
  await age();
  t.deepEqual(await removedTwice(), [0, 0]);
  pass(3_700_000);
  t.deepEqual(await removedTwice(), [0, 1]);
  t.deepEqual(await kept(), []);
});
