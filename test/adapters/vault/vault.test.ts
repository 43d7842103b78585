import { randomBytes, randomUUID } from 'node:crypto';
import test from 'ava';
import type { DatabasePool } from 'slonik';
import { z } from 'zod';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { openPool } from '../../../src/adapters/postgres/pool.ts';
import { openVault } from '../../../src/adapters/vault/vault.ts';
import { KeyErased, KeyMissing, WrongMasterKey } from '../../../src/adapters/vault/vault-faults.ts';
import { query } from '../../../src/projections/query.ts';
import { testDatabase } from '../../support/postgres.ts';

const masterKey = randomBytes(32);

async function newVault(t: { teardown(end: () => Promise<void>): void }) {
  const url = await testDatabase(t);
  await migrate(url);
  const pool = await openPool(url);
  t.teardown(() => pool.end());
  return { pool, vault: await openVault({ pool, masterKey }) };
}

const again = (pool: DatabasePool, key = masterKey) => openVault({ pool, masterKey: key });

test('what is sealed for a member is read again, also by another process', async (t) => {
  const { pool, vault } = await newVault(t);
  const memberId = randomUUID();
  await vault.createKey(memberId);
  const sealed = await vault.seal(memberId, { email: 'ann@example.com' });
  t.false(Buffer.from(sealed, 'base64url').includes('ann@example.com'));
  t.deepEqual(await vault.unseal(memberId, sealed), { email: 'ann@example.com' });
  t.deepEqual(await (await again(pool)).unseal(memberId, sealed), { email: 'ann@example.com' });
});

test('sealing the same twice gives different texts', async (t) => {
  const { vault } = await newVault(t);
  const memberId = randomUUID();
  await vault.createKey(memberId);
  t.not(await vault.seal(memberId, 'x'), await vault.seal(memberId, 'x'));
});

test('creating a key again keeps the first', async (t) => {
  const { pool, vault } = await newVault(t);
  const memberId = randomUUID();
  await vault.createKey(memberId);
  const sealed = await vault.seal(memberId, 1);
  await (await again(pool)).createKey(memberId);
  t.is(await (await again(pool)).unseal(memberId, sealed), 1);
});

test('what is sealed for one member is not read with another’s key, nor with swapped rows', async (t) => {
  const { pool, vault } = await newVault(t);
  const [ann, bob] = [randomUUID(), randomUUID()];
  await vault.createKey(ann);
  await vault.createKey(bob);
  const sealed = await vault.seal(ann, 'secret');
  await t.throwsAsync(vault.unseal(bob, sealed));
  await pool.query(query(z.object({}))`
    UPDATE vault.member_keys SET wrapped =
      (SELECT wrapped FROM vault.member_keys WHERE member_id = ${ann}) WHERE member_id = ${bob}`);
  await t.throwsAsync((await again(pool)).unseal(bob, sealed));
});

test('a missing key is another fault than an erased one', async (t) => {
  const { pool, vault } = await newVault(t);
  const memberId = randomUUID();
  await t.throwsAsync(vault.seal(memberId, 1), { instanceOf: KeyMissing });
  await vault.createKey(memberId);
  const sealed = await vault.seal(memberId, 1);
  await vault.eraseKey(memberId);
  await t.throwsAsync(vault.unseal(memberId, sealed), { instanceOf: KeyErased });
  await vault.createKey(memberId);
  await t.throwsAsync((await again(pool)).seal(memberId, 1), { instanceOf: KeyErased });
});

test('a secret is made once, whoever asks first', async (t) => {
  const { pool, vault } = await newVault(t);
  const others = await Promise.all([again(pool), again(pool), again(pool)]);
  const all = await Promise.all([vault, ...others].map(({ secret }) => secret('session')));
  t.is(new Set(all.map((each) => each.toString('hex'))).size, 1);
  t.is(all[0]?.length, 32);
  t.notDeepEqual(await vault.secret('other'), all[0]);
});

test('what is kept takes the place of what was', async (t) => {
  const { pool, vault } = await newVault(t);
  t.is(await vault.kept('note'), undefined);
  await vault.keep('note', Buffer.from('one'));
  await vault.keep('note', Buffer.from('two'));
  t.is((await (await again(pool)).kept('note'))?.toString(), 'two');
});

test('another master key does not open the vault', async (t) => {
  const { pool } = await newVault(t);
  await t.throwsAsync(again(pool, randomBytes(32)), { instanceOf: WrongMasterKey });
});
