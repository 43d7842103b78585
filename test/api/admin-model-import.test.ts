import { randomUUID } from 'node:crypto';
import test from 'ava';
import { decode } from '../../src/domain/events.ts';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';
import { listedModels } from '../support/price-catalogue.ts';

const api = testApi(test);
let token = '';
test.serial.before(async () => {
  token = await adminToken(api());
});

const take = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  ask(api(), 'POST', '/api/admin/models/import', {
    ...{ token, headers },
    body: { rate: '7.1', ...body },
  });
const rowsOf = ({ body }: { readonly body: unknown }) =>
  (body as { data: Record<string, unknown>[] }).data;

/** A model of a test's own. */
function newModel(prices: Record<string, string>, contextWindow?: number): string {
  const model = `model-${randomUUID()}`;
  listedModels.push({ provider: 'fresh', model, prices, byHour: false, contextWindow });
  return model;
}
const write = (alias: string, input: string, more: object = {}) =>
  ask(api(), 'PUT', `/api/admin/models/${alias}`, {
    token,
    body: { price: { input, cached_input: input, output: input }, default_max_output: 99, ...more },
  });
const lastList = (alias: string) =>
  api()
    .eventLog.events.map(decode)
    .findLast((each) => each.type === 'PriceListPublished' && each.data.alias === alias);

test('a whole provider is imported, model by model, and says what it could not say', async (t) => {
  const answer = await take({ provider: 'acme', markup: '1.2' });
  t.is(answer.status, 200);
  t.like(answer.body, {
    ...{ catalogue: 'test-prices@1.2.3', currency: 'CNY', rate: '7.1', markup: '1.2' },
    data: [
      {
        ...{ alias: 'plain', status: 'published', version: 1 },
        from: { provider: 'acme', model: 'plain' },
        price: { input: '21.3', cached_input: '10.65', output: '85.2' },
      },
      { alias: 'odd', status: 'published', rounded_up: ['input_mtok'] },
      { alias: 'tiered', status: 'skipped', reason: { code: 'by_size' } },
      { alias: 'embeds', status: 'skipped', reason: { code: 'not_by_token' } },
      { alias: 'writes', status: 'skipped', reason: { code: 'other_classes' } },
      { alias: 'has spaces', status: 'skipped', reason: { code: 'no_alias' } },
    ],
  });
  t.like(lastList('plain'), {
    data: {
      defaultMaxOutput: 4_096,
      origin: {
        ...{ catalogue: 'test-prices@1.2.3', provider: 'acme', model: 'plain' },
        ...{ rate: '7.1', markup: '1.2' },
      },
    },
    meta: { actor: { type: 'admin' }, $correlationId: answer.headers.get('x-request-id') },
  });
});

test('the same again changes nothing, other prices are a new version', async (t) => {
  const model = newModel({ input_mtok: '1', output_mtok: '2' });
  const models = [model];
  t.like(rowsOf(await take({ models, default_max_output: 77 })), [{ status: 'published' }]);
  t.like(rowsOf(await take({ models })), [{ status: 'unchanged', version: 1 }]);
  t.like(rowsOf(await take({ models, markup: '2' })), [{ status: 'published', version: 2 }]);
  t.like(lastList(model), { data: { defaultMaxOutput: 77 } });
});

test('a list that was written by hand stays, unless it is to be replaced', async (t) => {
  const model = newModel({ input_mtok: '1', output_mtok: '2' });
  await write(model, '3');
  const models = [model];
  t.like(rowsOf(await take({ models })), [
    { status: 'skipped', version: 1, reason: { code: 'by_hand' } },
  ]);
  const replaced = rowsOf(await take({ models, replace: true }));
  t.like(replaced, [{ status: 'published', version: 2 }]);
  t.like(lastList(model), { data: { defaultMaxOutput: 99 } });
  t.like(rowsOf(await take({ models, markup: '2' })), [{ status: 'published', version: 3 }]);
});

const ceilings = (alias: string) =>
  api()
    .eventLog.events.map(decode)
    .flatMap((each) =>
      each.type === 'AliasChanged' && each.data.alias === alias ? [each.data.maxInputTokens] : [],
    );

test('how much a model reads at most is taken where the catalogue knows it', async (t) => {
  const prices = { input_mtok: '1', output_mtok: '2' };
  const known = newModel(prices, 128_000);
  const unknown = newModel(prices);
  const models = [known, unknown];
  const [dry] = rowsOf(await take({ models, dry_run: true }));
  t.like(dry, { status: 'would_publish', max_input_tokens: 128_000 });
  t.deepEqual(ceilings(known), []);
  const taken = await take({ models });
  const [first, second] = rowsOf(taken);
  t.like(first, { status: 'published', max_input_tokens: 128_000 });
  t.like(second, { status: 'published', max_input_tokens: undefined });
  t.deepEqual([ceilings(known), ceilings(unknown)], [[128_000], []]);
  t.like(rowsOf(await take({ models })), [{ status: 'unchanged', max_input_tokens: 128_000 }]);
  t.deepEqual(ceilings(known), [128_000]);
});

test('how much an operator said that it reads stays, unless it is to be replaced', async (t) => {
  const prices = { input_mtok: '1', output_mtok: '2' };
  const model = newModel(prices, 128_000);
  const models = [model];
  await write(model, '3', { max_input_tokens: 64_000 });
  t.like(rowsOf(await take({ models })), [{ reason: { code: 'by_hand' } }]);
  t.deepEqual(ceilings(model), [64_000]);
  t.like(rowsOf(await take({ models, replace: true })), [{ max_input_tokens: 128_000 }]);
  await write(model, '3', { max_input_tokens: 64_000 });
  await take({ models, replace: true });
  t.deepEqual(ceilings(model), [64_000, 128_000, 64_000, 128_000]);
  const own = newModel(prices, 128_000);
  const [{ price } = {}] = rowsOf(await take({ models: [own] }));
  await ask(api(), 'PUT', `/api/admin/models/${own}`, {
    ...{ token, body: { price, max_input_tokens: 64_000 } },
  });
  t.like(rowsOf(await take({ models: [own] })), [
    { status: 'unchanged', max_input_tokens: 64_000 },
  ]);
  t.deepEqual(ceilings(own), [128_000, 64_000]);
  const silent = newModel(prices);
  await write(silent, '3', { max_input_tokens: 64_000 });
  t.like(rowsOf(await take({ models: [silent], replace: true })), [{ max_input_tokens: 64_000 }]);
  const bare = newModel(prices, 128_000);
  await write(bare, '3');
  t.like(rowsOf(await take({ models: [bare] })), [{ reason: { code: 'by_hand' } }]);
  t.deepEqual(ceilings(bare), []);
});

test('a dry run tells the same and writes nothing', async (t) => {
  const model = newModel({ input_mtok: '1', output_mtok: '2' });
  t.like(rowsOf(await take({ models: [model], dry_run: true })), [{ status: 'would_publish' }]);
  await write(model, '3');
  t.like(rowsOf(await take({ models: [model], dry_run: true })), [
    { status: 'skipped', reason: { code: 'by_hand' } },
  ]);
  t.like(lastList(model), { data: { version: 1, defaultMaxOutput: 99 } });
});

test('costs are told to who wants them, for candidates of routes', async (t) => {
  const { body } = await take({ models: ['plain'], markup: '3', costs: true, dry_run: true });
  t.like(body, { data: [{ cost: { input: '17.75', cached_input: '8.875', output: '71' } }] });
});

test('classes that are not sold may be left out', async (t) => {
  const body = { models: ['writes'], provider: 'acme', without: ['cache_write_1h_mtok'] };
  t.like(rowsOf(await take({ ...body, dry_run: true })), [
    { status: 'would_publish', price: { cache_write: '26.625' } },
  ]);
});

test('a model that nobody lists, or that costs more by day, says why in one’s language', async (t) => {
  const models = ['nobody', 'nightly'];
  t.like(rowsOf(await take({ models })), [
    { reason: { code: 'not_listed' } },
    { reason: { code: 'by_hour', message: 'its prices depend on the time of day' } },
  ]);
  t.like(rowsOf(await take({ models }, { 'accept-language': 'zh' })), [
    { reason: { message: '价目库中没有该模型' } },
    { reason: { message: '其价格随时段变化' } },
  ]);
});

for (const [said, body] of [
  [/The catalogue is in USD: say what one of it is in CNY/, { provider: 'acme', rate: undefined }],
  [/Models are sold in CNY/, { provider: 'acme', currency: 'EUR' }],
  [/The price catalogue has no provider `nobody`/, { provider: 'nobody' }],
  [/Name a provider, models, or both/, {}],
  [/"field":"markup"/, { provider: 'acme', markup: '0' }],
  [/"field":"rate"/, { provider: 'acme', rate: '-7' }],
  [/"field":"models"/, { models: [] }],
  [/"field":"surprise"/, { provider: 'acme', surprise: 1 }],
] as const) {
  test(`what can’t be meant is refused: ${JSON.stringify(body)}`, async (t) => {
    const answer = await take(body);
    t.is(answer.status, 400);
    t.like(answer.body, { code: 'invalid_request' });
    t.regex(answer.text, said);
  });
}

test('what was taken off sale stays off, unless it is to be replaced', async (t) => {
  const alias = newModel({ input_mtok: '1', output_mtok: '2' });
  const imported = async (more: Record<string, unknown> = {}) =>
    rowsOf(await take({ models: [alias], ...more }))[0];
  t.like(await imported(), { status: 'published', version: 1 });
  await ask(api(), 'DELETE', `/api/admin/models/${alias}`, { token });
  for (const more of [{}, { rate: '9' }]) {
    t.like(await imported(more), { status: 'skipped', reason: { code: 'withdrawn' } });
  }
  t.like(await imported({ replace: true }), { status: 'published', version: 2 });
});

test('only administrators import', async (t) => {
  const { token: theirs } = await newMember(api());
  const asked = { token: theirs, body: { provider: 'acme', rate: '7' } };
  t.is((await ask(api(), 'POST', '/api/admin/models/import', asked)).status, 403);
});
