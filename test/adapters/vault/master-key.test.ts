import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MasterKeyUnusable, masterKey } from '../../../src/adapters/vault/master-key.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a key that is given is used, and no file is made', async (t) => {
  const folder = await temporaryFolder(t);
  const key = randomBytes(32);
  t.deepEqual(await masterKey(folder, key.toString('base64')), key);
  t.deepEqual(await readdir(folder), []);
});

test('without one a key is made that only its owner reads, and stays', async (t) => {
  const folder = await temporaryFolder(t);
  const key = await masterKey(folder);
  t.is(key.length, 32);
  t.is((await stat(join(folder, 'master.key'))).mode & 0o777, 0o600);
  t.deepEqual(await masterKey(folder), key);
  t.deepEqual(await readdir(folder), ['master.key']);
});

test('processes that start together get the same key', async (t) => {
  const folder = await temporaryFolder(t);
  const keys = await Promise.all(Array.from({ length: 8 }, () => masterKey(folder)));
  t.is(new Set(keys.map((each) => each.toString('hex'))).size, 1);
  const stored = Buffer.from(await readFile(join(folder, 'master.key'), 'utf8'), 'base64');
  t.deepEqual(keys[0], stored);
});

test('a key file that others may read is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await masterKey(folder);
  await chmod(join(folder, 'master.key'), 0o644);
  await t.throwsAsync(masterKey(folder), { instanceOf: MasterKeyUnusable });
});

test('a key of another length is refused, and never replaced', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'master.key'), 'c2hvcnQ=', { mode: 0o600 });
  await t.throwsAsync(masterKey(folder), { instanceOf: MasterKeyUnusable });
  t.is(await readFile(join(folder, 'master.key'), 'utf8'), 'c2hvcnQ=');
  await t.throwsAsync(masterKey(folder, 'c2hvcnQ='), { instanceOf: MasterKeyUnusable });
});
