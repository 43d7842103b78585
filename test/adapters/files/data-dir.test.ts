import { mkdir, readdir, realpath, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { claimDataDir, DataDirInUse, openDataDir } from '../../../src/adapters/files/data-dir.ts';
import { startMark } from '../../../src/adapters/files/process-identity.ts';
import { child } from '../../support/child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const claimer = 'claim-data-dir-child.ts';

test('a data directory is created with its parents, closed to listing by others', async (t) => {
  const folder = await temporaryFolder(t);
  const dir = await openDataDir(join(folder, 'a', 'b'));
  t.is(dir, join(await realpath(folder), 'a', 'b'));
  t.is((await stat(dir)).mode & 0o066, 0);
});

test('a second owner is refused and told the first one and its address', async (t) => {
  const dir = await temporaryFolder(t);
  await claimDataDir(dir, 'http://127.0.0.1:8080');
  const error = await t.throwsAsync(claimDataDir(dir), { instanceOf: DataDirInUse });
  t.is(error.owner.pid, process.pid);
  t.true(error.message.includes(String(process.pid)));
  t.true(error.message.includes('http://127.0.0.1:8080'));
});

test('another process is refused too', async (t) => {
  const dir = await temporaryFolder(t);
  await claimDataDir(dir);
  t.is(await child(t, claimer, [dir]).line(), `refused by ${process.pid}`);
});

test('a released directory can be claimed again', async (t) => {
  const dir = await temporaryFolder(t);
  const first = await claimDataDir(dir);
  await first.release();
  const second = await claimDataDir(dir);
  await second.release();
  t.deepEqual(await readdir(join(dir, 'owner')), ['2']);
});

test('the claim of a killed process is taken over', async (t) => {
  const dir = await temporaryFolder(t);
  const first = child(t, claimer, [dir]);
  t.is(await first.line(), 'claimed');
  await first.kill('SIGKILL');
  await t.notThrowsAsync(claimDataDir(dir));
});

test('a claim is stale when its pid belongs to a process that was started later', async (t) => {
  if ((await startMark(process.pid)) === undefined) {
    t.pass('This system does not tell when a process was started.');
    return;
  }
  const dir = await temporaryFolder(t);
  await plant(dir, { pid: process.ppid, startMark: 'another boot/1', since: 'long ago' });
  await t.notThrowsAsync(claimDataDir(dir));
});

test('a claim that a crash of the machine cut short is stale', async (t) => {
  const dir = await temporaryFolder(t);
  await mkdir(join(dir, 'owner'));
  await writeFile(join(dir, 'owner', '7'), '{"pid":');
  await t.notThrowsAsync(claimDataDir(dir));
  t.deepEqual(await readdir(join(dir, 'owner')), ['8']);
});

test('of several processes that find a stale claim exactly one takes it over', async (t) => {
  const dir = await temporaryFolder(t);
  const dead = child(t, claimer, [dir]);
  await dead.line();
  await dead.kill('SIGKILL');
  const takers = Array.from({ length: 6 }, () => child(t, claimer, [dir]));
  const outcomes = await Promise.all(takers.map((taker) => taker.line()));
  const winners = takers.filter((_, index) => outcomes[index] === 'claimed');
  t.is(winners.length, 1);
  t.is(outcomes.filter((outcome) => outcome === `refused by ${winners[0]?.pid}`).length, 5);
});

test('callers of one process race safely as well', async (t) => {
  const dir = await temporaryFolder(t);
  await plant(dir, { pid: process.ppid, startMark: 'another boot/1', since: 'long ago' });
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => claimDataDir(dir)));
  t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

async function plant(dir: string, owner: object): Promise<void> {
  await mkdir(join(dir, 'owner'));
  await writeFile(join(dir, 'owner', '3'), JSON.stringify(owner));
}
