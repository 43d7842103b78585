import test from 'ava';
import { z } from 'zod';
import type { DomainEvent } from '../../src/domain/events.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { partitionOf } from '../../src/projections/partition.ts';
import { adminToken, ask, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';
import { memberWithCalls } from '../support/member-calls.ts';
import { query } from '../support/query.ts';
import { recordedAs } from '../support/recorded.ts';

const api = testApi(test);

const List = z.object({
  data: z.array(
    z.object({
      projection: z.string(),
      schema: z.string(),
      state: z.string(),
      failing: z.string().nullable(),
      position: z.string().nullable(),
      lag: z.object({ events: z.int(), more: z.boolean(), seconds: z.number() }),
      stops: z.array(z.object({ partition: z.int(), position: z.string(), cause: z.string() })),
    }),
  ),
  log_position: z.string().nullable(),
});
// Signing in is an event, too.
let signedIn: Promise<string> | undefined;
const admin = () => (signedIn ??= adminToken(api()));
const list = async () => {
  const token = await admin();
  return List.parse((await ask(api(), 'GET', '/api/admin/projections', { token })).body);
};
const order = async (path: string, body: unknown) => {
  const token = await admin();
  return ask(api(), 'POST', `/api/admin/projections/${path}`, { token, body });
};

test.serial('the operator sees where every read model stands', async (t) => {
  await memberWithCalls(api(), 'seen');
  await eventually(async () => {
    const { data, log_position: end } = await list();
    return data.every(({ position }) => position === end);
  });
  const { data } = await list();
  t.true(data.length > 10);
  const balance = data.find(({ projection }) => projection === 'balance');
  const live = { schema: 'balance_v1', state: 'live', failing: null };
  t.like(balance, { ...live, lag: { events: 0, more: false } });
  const { status } = await ask(api(), 'GET', '/api/admin/projections');
  t.is(status, 401);
});

test.serial('read models whose feed gets nowhere are failing, and why', async (t) => {
  api().world.failing = 'Nothing came.';
  const { data } = await list();
  api().world.failing = null;
  t.deepEqual([...new Set(data.map(({ state }) => state))], ['failing']);
  t.is(data[0]?.failing, 'Nothing came.');
});

test.serial('what is behind is counted in events and seconds', async (t) => {
  const { log_position: end } = await list();
  const stand = (position: string | number) =>
    query(
      api().databaseUrl,
      `UPDATE feed.positions SET position = ${position} WHERE consumer = 'trial_balance_v1'`,
    );
  await stand(2);
  const { data } = await list();
  await stand(end ?? 0);
  const row = data.find(({ projection }) => projection === 'trial_balance');
  t.is(row?.lag.events, Number(end) - 2);
  t.true((row?.lag.seconds ?? 0) > 0);
});

test.serial(
  'a read model that waits at an event says where, and goes on past it by order',
  async (t) => {
    const stream = streamOf.priceList('endless');
    const { head } = api().eventLog;
    await eventually(async () => {
      const { data, log_position: end } = await list();
      return data.every(({ position }) => position === end);
    });
    // Its table's column holds no such number.
    const published: DomainEvent = {
      type: 'PriceListPublished',
      data: {
        ...{ alias: 'endless', version: 3_000_000_000, currency: 'CNY' },
        ...{ prices: { input: '1', cachedInput: '1', output: '1' }, defaultMaxOutput: 1 },
        effectiveAt: '2026-01-01T12:00:00.000Z',
      },
    };
    await api().eventLog.append(stream, 'no_stream', [recordedAs(published, { stream })]);
    const position = String(await head());
    const stateOf = async (name: string) =>
      (await list()).data.find(({ projection }) => projection === name);
    await eventually(async () => (await stateOf('price_lists'))?.state === 'stopped');
    t.deepEqual(
      (await stateOf('price_lists'))?.stops.map(({ cause, ...at }) => [cause, at.partition]),
      [['poison', partitionOf(stream)]],
    );
    t.is((await stateOf('calls'))?.state, 'live');
    const wrong = await order('price_lists/skips', { position: '1', reason: 'none there' });
    t.is(wrong.status, 404);
    t.like(wrong.body, { code: 'projection_not_found' });
    const skipped = await order('price_lists/skips', { position, reason: 'written by hand' });
    t.is(skipped.status, 201);
    await eventually(async () => (await stateOf('price_lists'))?.state === 'live');
    const events = await Array.fromAsync(api().eventLog.read('readmodel-price_lists'));
    t.deepEqual(
      events.map(({ type }) => type),
      ['EventSkipped'],
    );
  },
);

test.serial(
  'a rebuild is asked for, and a difference that nobody found can not be accepted',
  async (t) => {
    const { status, body } = await order('balance/rebuild', { reason: 'to be sure' });
    t.is(status, 202);
    t.deepEqual(body, { projection: 'balance', schema: 'balance_v1_b2' });
    t.deepEqual((await order('balance/rebuild', { reason: 'again' })).body, body);
    const row = (await list()).data.find(({ schema }) => schema === 'balance_v1_b2');
    t.is(row?.state, 'filling');
    t.is((await order('balance/rebuild', { reason: 'better', accept: true })).status, 404);
    t.is((await order('nothing/rebuild', { reason: 'x' })).status, 404);
  },
);

test.serial('who wrote reads it, and who asks for what is not there yet is told so', async (t) => {
  const { token } = await memberWithCalls(api(), 'reader');
  const end = (await api().eventLog.head()) ?? 0n;
  const seen = await ask(api(), 'GET', `/api/calls?min_position=${end}`, { token });
  t.is(seen.status, 200);
  t.true(BigInt(z.object({ as_of_position: z.string() }).parse(seen.body).as_of_position) >= end);
  const early = await ask(api(), 'GET', `/api/calls?min_position=${end + 1_000n}`, { token });
  t.is(early.status, 503);
  t.like(early.body, { code: 'read_models_behind' });
  t.is(early.headers.get('retry-after'), '1');
});
