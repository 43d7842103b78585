import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { freePort, isPortFree, steadyPort } from '../../../src/adapters/files/steady-port.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a port is the same at every start', async (t) => {
  const file = join(await temporaryFolder(t), 'port');
  t.is(await steadyPort(file), await steadyPort(file));
});

test('a port that somebody took is replaced, and the new one kept', async (t) => {
  const file = join(await temporaryFolder(t), 'port');
  const port = await steadyPort(file);
  const server = createServer().listen(port, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  t.false(await isPortFree(port));
  const other = await steadyPort(file);
  t.not(other, port);
  t.is(await steadyPort(file), other);
});

test('a port that becomes free in time is waited for', async (t) => {
  const file = join(await temporaryFolder(t), 'port');
  const port = await steadyPort(file);
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  setTimeout(() => server.close(), 150);
  t.is(await steadyPort(file, 60_000), port);
});

test('a note that is no port is ignored', async (t) => {
  const file = join(await temporaryFolder(t), 'port');
  await writeFile(file, '70000\n');
  t.true((await steadyPort(file)) < 65_536);
});

test('a free port lies below the range of outgoing connections', async (t) => {
  t.true((await freePort()) < 32_768);
});
