import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import { ask, newKey, newMember, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

const api = testApi(test);

/** Writes a text on a connection of its own. */
async function written(text: string) {
  const { hostname, port } = new URL(api().url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

test('a body that is nested beyond all sense is refused, whatever field it is in', async (t) => {
  const { key } = await newKey(api(), (await newMember(api())).token);
  const message = { role: 'user', content: 'Hello' };
  for (const more of ['metadata', 'tools', 'anything']) {
    const body = { model: 'demo', messages: [message], [more]: [{ deep: nested(1_000) }] };
    const answer = await ask(api(), 'POST', '/v1/chat/completions', { token: key, body });
    t.is(answer.status, 400, more);
    t.like(answer.body, { error: { code: 'invalid_request' } });
  }
});

test('a body of more lists or fields than any call has is refused, and one of many numbers is not', async (t) => {
  const { key } = await newKey(api(), (await newMember(api())).token);
  const messages = [{ role: 'user', content: 'Hello' }];
  const status = async (more: unknown) => {
    const body = { model: 'demo', messages, metadata: more };
    const answer = await ask(api(), 'POST', '/v1/chat/completions', { token: key, body });
    return answer.status;
  };
  t.is(await status(Array.from({ length: 200_000 }, () => [])), 400);
  const fields = Array.from({ length: 200_000 }, (_, field) => [`${field}`, 1]);
  t.is(await status(Object.fromEntries(fields)), 400);
  t.not(await status(Array.from({ length: 300_000 }, () => 1)), 400);
});

test('a picture of 20 MB is no reason to refuse a chat', async (t) => {
  const { key } = await newKey(api(), (await newMember(api())).token);
  const url = `data:image/png;base64,${'A'.repeat(20_000_000)}`;
  const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
  const body = { model: 'demo', messages };
  const answer = await ask(api(), 'POST', '/v1/chat/completions', { token: key, body });
  t.not(answer.status, 413);
});

test('a request line that names no path is answered like any other', async (t) => {
  const socket = await written('GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  const answer = Buffer.concat(await Array.fromAsync(socket)).toString();
  t.regex(answer, /^HTTP\/1.1 404 /);
  t.regex(answer, /application\/problem\+json/);
});

test('a body that its sender breaks off is no fault of ours', async (t) => {
  const head = 'POST /api/verify-email HTTP/1.1\r\nhost: x\r\nx-request-id: broken-off\r\n';
  const socket = await written(`${head}content-length: 9\r\nexpect: 100-continue\r\n\r\n{`);
  // The server has begun to handle it.
  await once(socket, 'data');
  socket.destroy();
  const line = () => api().logged.find((each) => each.includes('"broken-off"'));
  await eventually(() => line() !== undefined);
  t.like(JSON.parse(line() ?? '{}'), { status: 400, code: 'invalid_request' });
});

test('what breaks on the line is no fault of ours either', async (t) => {
  const head = 'POST /api/verify-email HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
  const socket = await written(`${head}no-number\r\n`);
  await Array.fromAsync(socket);
  const line = () => api().logged.find((each) => each.includes('HPE_INVALID_CHUNK_SIZE'));
  await eventually(() => line() !== undefined);
  t.like(JSON.parse(line() ?? '{}'), { level: 30 });
});

test('a place in a list or a day that never was is refused', async (t) => {
  const { token } = await newMember(api());
  const never = [
    '9999-99-99T99:99:99.999Z',
    '2026-02-30T00:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
  ];
  const id = '0198f2a0-0000-7000-8000-000000000000';
  for (const moment of never) {
    const cursor = Buffer.from(JSON.stringify([moment, id])).toString('base64url');
    for (const list of ['/api/calls', '/api/api-keys']) {
      const answer = await ask(api(), 'GET', `${list}?cursor=${cursor}`, { token });
      t.is(answer.status, 400, `${list} ${moment}`);
    }
  }
  for (const days of ['from=0000-01-01&to=0000-01-02', 'to=0001-01-01', 'from=0001-01-01']) {
    t.is((await ask(api(), 'GET', `/api/usage?${days}`, { token })).status, 400, days);
  }
});

test('what a body would be too much of is found before it is read as JSON', async (t) => {
  const { key } = await newKey(api(), (await newMember(api())).token);
  // Whoever read these to their end would see that they are no JSON.
  for (const [bomb, why] of [
    ['['.repeat(500_000), /nested too deeply/],
    [`[${'{},'.repeat(300_000)}`, /too many lists, objects and fields/],
  ] as const) {
    const answer = await fetch(`${api().url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: bomb,
    });
    t.is(answer.status, 400);
    const said = await answer.text();
    t.regex(said, /"invalid_request"/);
    t.regex(said, why);
  }
});

test('brackets in a text are no parts', async (t) => {
  const { key } = await newKey(api(), (await newMember(api())).token);
  const content = `${'[{"\\'.repeat(250_000)}`;
  const body = { model: 'demo', messages: [{ role: 'user', content }] };
  const answer = await ask(api(), 'POST', '/v1/chat/completions', { token: key, body });
  t.not(answer.status, 400);
});
