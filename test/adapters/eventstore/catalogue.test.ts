import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import { catalogue } from '../../../src/adapters/eventstore/catalogue.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import type { CatalogueRows } from '../../../src/adapters/postgres/index-rows.ts';
import { plainAlias } from '../../../src/domain/alias/events.ts';
import { scenarioNames } from '../../../src/domain/budget/scenario-names.ts';
import { usualSettings } from '../../../src/domain/settings/events.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { eventually } from '../../support/eventually.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { noCatalogueRows } from '../../support/no-rows.ts';
import { contextOf } from '../../support/purse.ts';
import { routeTo } from '../../support/routes.ts';

const clock = () => new Date('2025-01-01T00:00:00.000Z');

async function catalogueOn(
  t: ExecutionContext,
  log: MemoryLog,
  rows = noCatalogueRows,
  { now = clock, scenarios = scenarioNames() } = {},
) {
  const index = catalogue({
    ...{ log, clock: now, scenarios },
    logger: pino({ level: 'silent' }),
    rows: () => Promise.resolve(rows),
  });
  t.teardown(() => index.close());
  await index.filled;
  return index;
}

function operatorOn(log: MemoryLog) {
  const { alias: ofAlias, clientApp, priceList, route, settings } = runners({ log, clock });
  return {
    describe: (alias: string, description: string) =>
      ofAlias.run(
        streamOf.alias(alias),
        () => ({ type: 'ChangeAlias', alias, changes: { description } }),
        contextOf(randomUUID()),
      ),
    scene: (id: string, scenario: string | null) =>
      clientApp.run(
        streamOf.clientApp(id),
        () => ({ type: 'ChangeClientApp', clientApp: id, changes: { scenario } }),
        contextOf(randomUUID()),
      ),
    decide: (defaultAlias: string) =>
      settings.run(
        streamOf.settings(),
        () => ({ type: 'ChangeSettings', changes: { defaultAlias } }),
        contextOf(randomUUID()),
      ),
    publish: (alias: string, output: string, effectiveAt?: string) =>
      priceList.run(
        streamOf.priceList(alias),
        (at) => ({
          type: 'PublishPriceList',
          ...{ alias, currency: 'CNY', prices: { input: '1', cachedInput: '0.5', output } },
          ...{ defaultMaxOutput: 64, effectiveAt, at },
        }),
        contextOf(randomUUID()),
      ),
    withdraw: (alias: string) =>
      priceList.run(
        streamOf.priceList(alias),
        () => ({ type: 'WithdrawAlias', alias }),
        contextOf(randomUUID()),
      ),
    unroute: (alias: string) =>
      route.run(
        streamOf.route(alias),
        () => ({ type: 'RemoveRoute', alias }),
        contextOf(randomUUID()),
      ),
    send: (alias: string, model: string) =>
      route.run(
        streamOf.route(alias),
        () => ({
          type: 'ChangeRoute',
          alias,
          ...routeTo([{ upstream: 'openai', model, weight: 1 }]),
        }),
        contextOf(randomUUID()),
      ),
  };
}

test('prices and routes of other processes arrive without a restart', async (t) => {
  const log = memoryLog();
  const index = await catalogueOn(t, log);
  const { publish, send } = operatorOn(log);
  t.is(index.priceOf('m'), undefined);
  await publish('m', '2');
  await publish('m', '3');
  await send('m', 'gpt');
  await eventually(() => index.routeOf('m') !== undefined);
  t.like(index.priceOf('m'), {
    ...{ alias: 'm', version: 2, currency: 'CNY', defaultMaxOutput: 64 },
    prices: { input: '1', cachedInput: '0.5', output: '3' },
  });
  t.deepEqual(index.routeOf('m'), routeTo([{ upstream: 'openai', model: 'gpt', weight: 1 }]));
  t.deepEqual(index.aliases(), ['m']);
});

test('what is said of aliases, client apps and of the whole installation arrives likewise', async (t) => {
  const log = memoryLog();
  const index = await catalogueOn(t, log);
  const { describe, scene, decide } = operatorOn(log);
  t.deepEqual(index.aliasOf('m'), plainAlias);
  t.is(index.clientAppOf('shop').scenario, null);
  t.deepEqual(index.settings(), usualSettings);
  await describe('m', 'fast');
  await scene('shop', 'browsing');
  await decide('m');
  await eventually(() => index.settings().defaultAlias === 'm');
  t.is(index.aliasOf('m').description, 'fast');
  t.is(index.aliasOf('other').description, null);
  t.is(index.clientAppOf('shop').scenario, 'browsing');
  t.is(index.clientAppOf('other').scenario, null);
  t.deepEqual([...index.clientApps().keys()], ['shop']);
});

test('the latest price and route win, in whatever order they are heard of', async (t) => {
  const elsewhere = memoryLog();
  const { publish, send, describe, decide } = operatorOn(elsewhere);
  const outcomes = [
    await describe('m', 'slow'),
    await describe('m', 'fast'),
    await decide('n'),
    await decide('m'),
    await publish('m', '2'),
    await publish('m', '3'),
    await send('m', 'old'),
    await send('m', 'new'),
  ];
  const events = outcomes.flatMap((outcome) => [...outcome.events]);
  for (const order of [events, events.toReversed(), [...events, ...events]]) {
    const index = await catalogueOn(t, memoryLog());
    index.apply(order);
    t.is(index.priceOf('m')?.prices.output, '3');
    t.is(index.routeOf('m')?.candidates[0]?.model, 'new');
    t.is(index.aliasOf('m').description, 'fast');
    t.is(index.settings().defaultAlias, 'm');
  }
});

test('the catalogue starts from rows and goes on after them', async (t) => {
  const log = memoryLog();
  const { publish, send, describe } = operatorOn(log);
  await publish('m', '2');
  await send('m', 'old');
  const rows: CatalogueRows = {
    priceLists: [
      {
        ...{ alias: 'm', version: 1, currency: 'CNY', default_max_output: 64 },
        ...{ input: '1', cached_input: '0.5', output: '2' },
        ...{ cache_write: null, reasoning: null, request: '0.01' },
        ...{ audio_input: '30', audio_output: null, image_input: null, image_output: null },
        ...{ per_image: '0.04', per_second: '0.0001', per_character: null },
        effective_at: clock().toISOString(),
        withdrawn: false,
      },
    ],
    routes: [{ alias: 'm', ...routeTo([{ upstream: 'openai', model: 'old', weight: 1 }]) }],
    aliases: [{ alias: 'm', terms: { ...plainAlias, description: 'old' } }],
    clientApps: [{ client_app: 'shop', terms: { scenario: 'browsing' } }],
    settings: [{ terms: { ...usualSettings, defaultAlias: 'm' } }],
    after: 1n,
  };
  const unchanged = await catalogueOn(t, log, rows);
  t.deepEqual(unchanged.priceOf('m')?.prices, {
    ...{ input: '1', cachedInput: '0.5', output: '2', request: '0.01' },
    ...{ audioInput: '30', image: '0.04', second: '0.0001' },
  });
  t.is(unchanged.routeOf('m')?.candidates[0]?.model, 'old');
  t.is(unchanged.aliasOf('m').description, 'old');
  t.is(unchanged.clientAppOf('shop').scenario, 'browsing');
  t.is(unchanged.settings().defaultAlias, 'm');
  await publish('m', '3');
  await send('m', 'new');
  await describe('m', 'new');
  const index = await catalogueOn(t, log, rows);
  t.is(index.priceOf('m')?.version, 2);
  t.is(index.routeOf('m')?.candidates[0]?.model, 'new');
  t.is(index.aliasOf('m').description, 'new');
});

test('of the price lists that have begun the one that began last is in force', async (t) => {
  const elsewhere = memoryLog();
  const { publish } = operatorOn(elsewhere);
  const outcomes = [
    await publish('m', '2'),
    await publish('m', '9', '2025-03-01T00:00:00.000Z'),
    // Published after it, and for now: the one of March still begins in March.
    await publish('m', '3'),
    await publish('later', '1', '2025-03-01T00:00:00.000Z'),
  ];
  const events = outcomes.flatMap((outcome) => [...outcome.events]);
  let now = clock();
  const index = await catalogueOn(t, memoryLog(), noCatalogueRows, { now: () => now });
  index.apply(events.toReversed());
  t.is(index.priceOf('m')?.prices.output, '3');
  t.is(index.priceOf('later'), undefined);
  t.deepEqual(index.aliases(), ['m']);
  now = new Date('2025-02-28T23:59:59.999Z');
  t.is(index.priceOf('m')?.prices.output, '3');
  now = new Date('2025-03-01T00:00:00.000Z');
  t.is(index.priceOf('m')?.prices.output, '9');
  t.deepEqual([...index.aliases()].sort(), ['later', 'm']);
});

test('names of scenarios count that routes, aliases and client apps say, in rows and in events', async (t) => {
  const log = memoryLog();
  const at = clock().toISOString();
  const on = (...scenarios: string[]) =>
    routeTo([{ upstream: 'openai', model: 'm', weight: 1, conditions: { scenarios } }]);
  const rows: CatalogueRows = {
    ...noCatalogueRows,
    routes: [{ alias: 'm', ...on('route', 'row') }],
    aliases: [{ alias: 'm', terms: { ...plainAlias, scenario: 'alias' } }],
    clientApps: [{ client_app: 'shop', terms: { scenario: 'app' } }],
  };
  const scenarios = scenarioNames(0);
  const index = await catalogueOn(t, log, rows, { scenarios });
  const counted = (...names: string[]) => names.filter((name) => scenarios.counted(name, at));
  t.deepEqual(counted('route', 'row', 'alias', 'app'), ['route', 'row', 'alias', 'app']);
  t.deepEqual(counted('routed', 'aliased', 'apped'), []);
  const { clientApp, route, alias } = runners({ log, clock });
  const routed = await route.run(
    streamOf.route('n'),
    () => ({ type: 'ChangeRoute', alias: 'n', ...on('routed') }),
    contextOf(randomUUID()),
  );
  const aliased = await alias.run(
    streamOf.alias('n'),
    () => ({ type: 'ChangeAlias', alias: 'n', changes: { scenario: 'aliased' } }),
    contextOf(randomUUID()),
  );
  const apped = await clientApp.run(
    streamOf.clientApp('shop'),
    () => ({ type: 'ChangeClientApp', clientApp: 'shop', changes: { scenario: 'apped' } }),
    contextOf(randomUUID()),
  );
  index.apply([...routed.events, ...aliased.events, ...apped.events]);
  const written = ['routed', 'aliased', 'apped'];
  t.deepEqual(counted(...written, 'other'), written);
});

test('what is withdrawn has no price until another one begins, and no list from before', async (t) => {
  const elsewhere = memoryLog();
  const { publish, withdraw, send, unroute } = operatorOn(elsewhere);
  const march = '2025-03-01T00:00:00.000Z';
  const before = [
    await publish('m', '2'),
    await publish('m', '9', march),
    await send('m', 'gpt'),
    await withdraw('m'),
    await unroute('m'),
  ].flatMap((outcome) => [...outcome.events]);
  const after = [await publish('m', '3'), await send('m', 'gpt')].flatMap((outcome) => [
    ...outcome.events,
  ]);
  for (const order of [before, before.toReversed(), [...before, ...before]]) {
    let now = clock();
    const index = await catalogueOn(t, memoryLog(), noCatalogueRows, { now: () => now });
    index.apply(order);
    t.is(index.priceOf('m'), undefined);
    t.deepEqual(index.aliases(), []);
    t.deepEqual(index.everListed(), ['m']);
    t.deepEqual(index.laterPricesOf('m'), []);
    t.is(index.routeOf('m'), undefined);
    t.is(index.routes().size, 0);
    index.apply(after);
    t.like(index.priceOf('m'), { version: 3, prices: { output: '3' } });
    t.deepEqual([...index.routes().keys()], ['m']);
    now = new Date(march);
    t.is(index.priceOf('m')?.version, 3);
  }
});

test('lists that begin later are told in their order, and none that is replaced before it begins', async (t) => {
  const elsewhere = memoryLog();
  const { publish } = operatorOn(elsewhere);
  const [march, april] = ['2025-03-01T00:00:00.000Z', '2025-04-01T00:00:00.000Z'];
  const outcomes = [
    await publish('m', '4', april),
    await publish('m', '2', march),
    await publish('m', '3', march),
    await publish('m', '1'),
  ];
  const index = await catalogueOn(t, memoryLog());
  index.apply(outcomes.flatMap((outcome) => [...outcome.events]));
  t.deepEqual(
    index.laterPricesOf('m').map(({ version }) => version),
    [3, 1],
  );
});

test('rows say what is withdrawn', async (t) => {
  const row = {
    ...{ alias: 'm', version: 1, currency: 'CNY', default_max_output: 64 },
    ...{ input: '1', cached_input: '0.5', output: '2' },
    ...{ cache_write: null, reasoning: null, request: null },
    ...{ audio_input: null, audio_output: null, image_input: null, image_output: null },
    ...{ per_image: null, per_second: null, per_character: null },
    ...{ effective_at: clock().toISOString(), withdrawn: false },
  };
  const priceLists = [row, { ...row, version: 2, withdrawn: true }];
  const index = await catalogueOn(t, memoryLog(), { ...noCatalogueRows, priceLists });
  t.is(index.priceOf('m'), undefined);
  const sold = [...priceLists, { ...row, version: 3 }];
  const again = await catalogueOn(t, memoryLog(), { ...noCatalogueRows, priceLists: sold });
  t.is(again.priceOf('m')?.version, 3);
});
