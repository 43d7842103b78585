import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import test from 'ava';
import { pino } from 'pino';
import { z } from 'zod';
import { app } from '../../src/api/app.ts';
import { bodyRoom } from '../../src/api/body-room.ts';
import { ApiError } from '../../src/api/errors.ts';
import { route } from '../../src/api/route.ts';
import { eventually } from '../support/eventually.ts';
import { listening } from '../support/listening.ts';

test('what one gives back another may take, and nobody twice', (t) => {
  const room = bodyRoom(100);
  const [one, other] = [room.enter(), room.enter()];
  t.true(one.take(60));
  t.false(other.take(41));
  t.is(room.taken(), 60);
  t.true(one.take(40));
  one.leave();
  one.leave();
  t.is(room.taken(), 0);
  t.true(room.enter().take(100));
});

test('who found no room has given back all, and gets none later', (t) => {
  const room = bodyRoom(100);
  const place = room.enter();
  t.true(place.take(60));
  t.false(place.take(60));
  t.is(room.taken(), 0);
  t.false(place.take(1));
  place.leave();
  t.is(room.taken(), 0);
});

const refuse = () => Promise.reject(new ApiError('unauthenticated'));
const authenticate = {
  ...{ session: refuse, key: refuse, session_or_key: refuse, admin: refuse },
  anyone: () => Promise.resolve(undefined),
};
let finish = Promise.withResolvers<void>();
let waiting = 0;

/** Keeps what it was sent until it is told to answer. */
const keep = route({
  method: 'POST',
  path: '/v1/keep',
  who: 'anyone',
  summary: 'Keeps a text',
  body: z.object({ text: z.string() }),
  reply: z.object({ length: z.int() }),
  async handle({ body: { text } }) {
    waiting += 1;
    await finish.promise;
    waiting -= 1;
    return { body: { length: text.length } };
  },
});

/** Far more than a connection takes for who doesn't read. */
const longAnswer = route({
  method: 'POST',
  path: '/v1/long',
  who: 'anyone',
  summary: 'Answers at length',
  body: z.object({ text: z.string() }),
  reply: z.string(),
  handle: () => ({ type: 'text/plain', text: 'x'.repeat(32 * 1_024 * 1_024) }),
});

const base = listening(test, async () =>
  createServer(
    app({
      ...{ routes: [keep, longAnswer], authenticate, trustProxy: false, mostBodyBytes: 100_000 },
      log: pino({ level: 'silent' }),
    }).callback(),
  ),
);

const send = (signal?: AbortSignal) =>
  fetch(`${base()}/v1/keep`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'x'.repeat(60_000) }),
    ...(signal && { signal }),
  });

test.serial('who comes when the room is full is told to come again, and may', async (t) => {
  finish = Promise.withResolvers();
  const first = send();
  await eventually(() => waiting === 1);
  const second = await send();
  t.is(second.status, 503);
  t.is(second.headers.get('retry-after'), '1');
  t.like(await second.json(), {
    error: {
      ...{ code: 'unavailable', type: 'server_error' },
      message: 'Too much is being sent to this server at once; try again in a moment.',
    },
  });
  t.is(waiting, 1);
  finish.resolve();
  t.deepEqual(await (await first).json(), { length: 60_000 });
  // Its place is free a moment after its answer.
  await eventually(async () => (await send()).ok);
  t.is(waiting, 0);
});

test.serial('who hangs up leaves the room', async (t) => {
  finish = Promise.withResolvers();
  const leaving = new AbortController();
  const first = send(leaving.signal);
  await eventually(() => waiting === 1);
  t.is((await send()).status, 503);
  leaving.abort();
  await t.throwsAsync(first);
  const { resolve } = finish;
  finish = Promise.withResolvers();
  finish.resolve();
  // Though its call goes on.
  await eventually(async () => (await send()).ok);
  t.is(waiting, 1);
  resolve();
});

test.serial('who doesn’t read an answer leaves the room', async (t) => {
  finish = Promise.withResolvers();
  finish.resolve();
  const { hostname, port } = new URL(base());
  const body = JSON.stringify({ text: 'x'.repeat(60_000) });
  const head = [
    ...['POST /v1/long HTTP/1.1', 'host: here', 'content-type: application/json'],
    ...[`content-length: ${body.length}`, '', ''],
  ];
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  socket.write(head.join('\r\n') + body);
  // The answer has begun.
  await once(socket, 'readable');
  await eventually(async () => (await send()).ok);
  t.false(socket.destroyed);
});
