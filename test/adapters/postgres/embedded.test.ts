import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import { isAlive } from '../../../src/adapters/files/process-identity.ts';
import type { EmbeddedPostgres } from '../../../src/adapters/postgres/embedded.ts';
import { startEmbeddedPostgres } from '../../../src/adapters/postgres/embedded.ts';
import { embeddedBinaries } from '../../../src/adapters/postgres/embedded-binaries.ts';
import { cluster } from '../../../src/adapters/postgres/embedded-cluster.ts';
import { ensureDatabase } from '../../../src/adapters/postgres/embedded-database.ts';
import { firstBlocked, launcher } from '../../../src/adapters/postgres/embedded-launcher.ts';
import { child } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { query } from '../../support/query.ts';
import { scratchPrefix, temporaryFolder } from '../../support/temporary-folder.ts';

const log = pino({ level: 'silent' });
const isRoot = process.getuid?.() === 0;
const Started = z.object({ pid: z.number(), port: z.number(), url: z.string() });

const sharedFolder = await mkdtemp(join(tmpdir(), `${scratchPrefix}${process.pid}-`));
const shared = await startEmbeddedPostgres({ dir: join(sharedFolder, 'postgres'), log });
test.after.always('the server that tests only ask is stopped', async () => {
  await shared.stop();
  await rm(sharedFolder, { recursive: true });
});

test('an embedded server is UTF-8, durable and on loopback alone', async (t) => {
  const [row] = await query(
    shared.url('postgres'),
    `SELECT getdatabaseencoding() AS encoding, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages,
       current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets`,
  );
  t.deepEqual(row, {
    encoding: 'UTF8',
    fsync: 'on',
    commit: 'on',
    pages: 'on',
    addresses: '127.0.0.1',
    sockets: '',
  });
  t.true(await isAlive(shared.pid));
});

test('an embedded server asks for its password, which only its user may read', async (t) => {
  const guess = new URL(shared.url('postgres'));
  guess.password = 'guess';
  const refused = await t.throwsAsync(query(guess.href, 'SELECT 1'));
  t.like(refused, { code: '28P01' });
  t.is((await stat(join(sharedFolder, 'postgres', 'superuser-password'))).mode & 0o077, 0);
});

test('a stopped server ends although clients are connected, and comes back on the same port', async (t) => {
  const dir = await clusterFolder(t);
  const first = await started(t, dir);
  const client = new pg.Client({ connectionString: first.url('postgres') });
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE TABLE kept AS SELECT 1 AS id');
  await first.stop();
  await first.exited;
  t.false(await isAlive(first.pid));
  const second = await started(t, dir);
  t.is(second.port, first.port);
  t.deepEqual(await query(second.url('postgres'), 'SELECT id FROM kept'), [{ id: 1 }]);
});

test('after kill -9 of the server everything that was committed is there again', async (t) => {
  const dir = await clusterFolder(t);
  const first = await started(t, dir);
  await query(first.url('postgres'), 'CREATE TABLE kept AS SELECT generate_series(1, 100) AS id');
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const second = await started(t, dir, first.port);
  t.not(second.pid, first.pid);
  t.deepEqual(await query(second.url('postgres'), 'SELECT count(*)::int AS rows FROM kept'), [
    { rows: 100 },
  ]);
});

test('the server of a killed process is stopped and replaced on the same port', async (t) => {
  const dir = await clusterFolder(t);
  const parent = child(t, 'embedded-postgres-child.ts', [dir]);
  const orphan = Started.parse(JSON.parse((await parent.line()) ?? ''));
  await query(orphan.url, 'CREATE TABLE kept AS SELECT 1 AS id');
  await parent.kill('SIGKILL');
  t.true(await isAlive(orphan.pid));
  const server = await started(t, dir);
  t.false(await isAlive(orphan.pid));
  t.is(server.port, orphan.port);
  t.deepEqual(await query(server.url('postgres'), 'SELECT id FROM kept'), [{ id: 1 }]);
});

test('a process that merely has the pid of an earlier server is left alone', async (t) => {
  const dir = await clusterFolder(t);
  const first = await started(t, dir);
  await first.stop();
  const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)']);
  t.teardown(() => stranger.kill('SIGKILL'));
  await writeFile(join(dir, 'data', 'postmaster.pid'), `${stranger.pid}\n${join(dir, 'data')}\n`);
  const server = await started(t, dir);
  t.true(await isAlive(server.pid));
  t.is(stranger.exitCode ?? stranger.signalCode, null);
});

test('a process that is killed while it makes the cluster leaves nothing in the way', async (t) => {
  const dir = await clusterFolder(t);
  await mkdir(dir);
  const parent = child(t, 'embedded-postgres-child.ts', [dir]);
  await eventually(async () => (await readdir(dir)).some((name) => name.startsWith('draft-')));
  await parent.kill('SIGKILL');
  t.false((await readdir(dir)).includes('data'));
  const server = await started(t, dir);
  t.deepEqual(await query(server.url('postgres'), 'SELECT 1 AS one'), [{ one: 1 }]);
});

test('a start that is aborted ends what it began', async (t) => {
  const dir = await clusterFolder(t);
  const abort = new AbortController();
  const start = startEmbeddedPostgres({ dir, log, signal: abort.signal });
  await eventually(async () =>
    (await readdir(dir).catch(() => [])).some((name) => name.startsWith('draft-')),
  );
  abort.abort();
  await t.throwsAsync(start, { name: 'AbortError' });
  t.false((await readdir(dir)).includes('data'));
});

test('a port that is given and taken is an error that says so', async (t) => {
  const dir = await clusterFolder(t);
  const error = await t.throwsAsync(startEmbeddedPostgres({ dir, log, port: shared.port }));
  t.true(error?.message.includes(String(shared.port)));
  t.true(await isAlive(shared.pid));
});

test('of several callers that need a database one creates it and all get it', async (t) => {
  const urls = await Promise.all(
    Array.from({ length: 4 }, () => ensureDatabase(shared.url('postgres'), 'odd "name"')),
  );
  t.is(new Set(urls).size, 1);
  t.deepEqual(await query(urls[0] ?? '', 'SELECT current_database() AS name'), [
    { name: 'odd "name"' },
  ]);
});

test('a folder that only root may enter is found, and the server runs in it all the same', async (t) => {
  if (!isRoot) {
    t.pass('This needs root.');
    return;
  }
  const folder = await temporaryFolder(t);
  const dir = join(folder, 'postgres');
  await mkdir(dir);
  t.is(await firstBlocked(dir, { uid: 65_534, gid: 65_534 }), folder);
  const server = await started(t, dir);
  t.deepEqual(await query(server.url('postgres'), 'SELECT 1 AS one'), [{ one: 1 }]);
  t.is((await stat(folder)).mode & 0o777, 0o700);
  t.is((await stat(join(dir, 'data'))).uid, 65_534);
});

test('programs below a folder that only root may enter make a cluster and serve it', async (t) => {
  if (!isRoot) {
    t.pass('This needs root.');
    return;
  }
  const folder = await temporaryFolder(t);
  const { postgres } = await embeddedBinaries();
  await cp(dirname(dirname(postgres)), join(folder, 'native'), { recursive: true });
  const copy = join(folder, 'native', 'bin', 'postgres');
  const dir = join(folder, 'cluster');
  await mkdir(dir);
  const as = await launcher(dir, copy);
  const { data } = await cluster(dir, join(dirname(copy), 'initdb'), as);
  const program = as.launch(copy, ['-D', data, '-C', 'data_directory'], { cwd: '/', env: {} });
  t.deepEqual(await once(program, 'exit'), [0, null]);
});

test('a cluster of an ordinary user stays that user’s when root starts it', async (t) => {
  const user = { uid: 1000, gid: 1000 };
  if (!isRoot || (await firstBlocked(process.execPath, user)) !== undefined) {
    t.pass('This needs root, and a checkout that others may read.');
    return;
  }
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o755);
  const dir = join(folder, 'postgres');
  await mkdir(dir);
  await chown(dir, user.uid, user.gid);
  const ordinary = child(t, 'embedded-postgres-child.ts', [dir], user);
  const first = Started.parse(JSON.parse((await ordinary.line()) ?? ''));
  await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS id');
  await ordinary.kill('SIGTERM');
  const second = await started(t, dir);
  t.deepEqual(await query(second.url('postgres'), 'SELECT id FROM kept'), [{ id: 1 }]);
  await second.stop();
  const again = child(t, 'embedded-postgres-child.ts', [dir], user);
  const third = Started.parse(JSON.parse((await again.line()) ?? ''));
  t.deepEqual(await query(third.url, 'SELECT id FROM kept'), [{ id: 1 }]);
  await again.kill('SIGTERM');
});

/** Not created yet; the tests' folder is closed to everybody else, as a user's home may be. */
async function clusterFolder(t: ExecutionContext): Promise<string> {
  return join(await temporaryFolder(t), 'postgres');
}

async function started(t: ExecutionContext, dir: string, port?: number): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dir,
    log,
    ...(port === undefined ? {} : { port }),
  });
  t.teardown(server.stop);
  return server;
}
