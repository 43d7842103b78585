import { once } from 'node:events';
import type { ServerHttp2Session } from 'node:http2';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { EventStoreDBClient } from '@eventstore/db-client';
import test from 'ava';
import { windowBytes, withWideWindow } from '../../../src/adapters/eventstore/wide-window.ts';
import { eventually } from '../../support/eventually.ts';

test('a connection says from the start how much may be on its way', async (t) => {
  const server = createServer();
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `esdb://127.0.0.1:${port}?tls=false`;
  const client = withWideWindow(EventStoreDBClient.connectionString(url));
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  // Nobody answers it.
  client.readAll().on('error', () => undefined);
  await eventually(() => sessions[0]?.remoteSettings.initialWindowSize === windowBytes);
  await eventually(() => (sessions[0]?.state.remoteWindowSize ?? 0) >= windowBytes);
  t.is(sessions.length, 1);
});
