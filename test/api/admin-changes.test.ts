import test from 'ava';
import { z } from 'zod';
import { adminToken, ask, newMember, testApi } from '../support/api.ts';
import { eventually } from '../support/eventually.ts';

const api = testApi(test);
let token = '';
test.before(async () => {
  token = await adminToken(api());
});

const Said = z.looseObject({ prices: z.unknown().optional() });
const Changes = z.object({
  data: z.array(
    z.object({
      position: z.string(),
      noun: z.string(),
      id: z.string(),
      at: z.string(),
      actor: z.object({ type: z.string(), id: z.string() }),
      request_id: z.string(),
      before: Said.nullable(),
      after: Said,
    }),
  ),
  next_cursor: z.string().nullable(),
  as_of_position: z.string().nullable(),
});
const changes = async (query: string) =>
  Changes.parse((await ask(api(), 'GET', `/api/admin/changes?${query}`, { token })).body);
const put = async (path: string, body: unknown) => {
  const answer = await ask(api(), 'PUT', `/api/admin/${path}`, { token, body });
  if (answer.status !== 200) throw new Error(`${path} was answered ${answer.text}`);
  return { id: answer.headers.get('x-request-id'), position: answer.headers.get('x-position') };
};

const price = (output: string) => ({ price: { input: '1', cached_input: '0.5', output } });

test('who changed what, when, from what to what, the newest first', async (t) => {
  const first = await put('models/audited', price('2'));
  const second = await put('models/audited', { ...price('3'), default_max_output: 99 });
  const { data } = await changes(`noun=model&id=audited&min_position=${second.position}`);
  t.deepEqual(
    data.map(({ request_id }) => request_id),
    [second.id, first.id],
  );
  const [newest, oldest] = data;
  t.like(newest, { noun: 'model', id: 'audited', actor: { type: 'admin' } });
  t.regex(newest?.actor.id ?? '', /^[0-9a-f-]{36}$/);
  t.like(newest?.after, {
    version: 2,
    default_max_output: 99,
    prices: { output: '3', cached_input: '0.5' },
  });
  t.like(newest?.before, { version: 1, default_max_output: 4_096, prices: { output: '2' } });
  t.is(oldest?.before, null);
});

test('a change of a route and of an upstream is told with what held before', async (t) => {
  const candidate = (weight: number) => ({
    candidates: [{ upstream: 'sandbox', model: 'a', weight }],
  });
  await put('routes/audited', candidate(1));
  await put('routes/audited', candidate(5));
  const secret = 'sk-not-to-be-told';
  await put('upstreams/audited', { kind: 'qwen', api_key: secret });
  const { position } = await put('upstreams/audited', { kind: 'qwen', enabled: false });
  const [route] = (await changes(`noun=route&id=audited&min_position=${position}`)).data;
  t.like(route?.before, { candidates: [{ weight: 1 }] });
  t.like(route?.after, { candidates: [{ weight: 5 }] });
  const [upstream] = (await changes(`noun=upstream&id=audited&min_position=${position}`)).data;
  t.like(upstream?.before, { enabled: true, kind: 'qwen' });
  t.like(upstream?.after, {
    enabled: false,
    base_url: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
  });
  t.regex(JSON.stringify(upstream?.after), /"key_id":/);
  t.false(JSON.stringify(upstream).includes(secret));
});

test('what held before is known on every page', async (t) => {
  for (let n = 1; n <= 5; n += 1) await put('models/paged', price(String(n)));
  await eventually(async () => (await changes('noun=model&id=paged')).data.length === 5);
  const outputs: unknown[] = [];
  let cursor = '';
  do {
    const page = await changes(`noun=model&id=paged&limit=2${cursor}`);
    outputs.push(...page.data.map(({ before }) => JSON.stringify(before?.prices ?? null)));
    cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
  } while (cursor !== '');
  t.is(outputs.length, 5);
  t.is(outputs.at(-1), 'null');
  t.is(new Set(outputs).size, 5);
});

test('only administrators read them, by nouns that there are', async (t) => {
  const { token: members } = await newMember(api());
  t.is((await ask(api(), 'GET', '/api/admin/changes', { token: members })).status, 403);
  t.is((await ask(api(), 'GET', '/api/admin/changes?noun=moon', { token })).status, 400);
});

test('what an alias says, and what holds for all, is told likewise', async (t) => {
  await put('models/tuned', { ...price('2'), description: 'slow' });
  await put('models/tuned', { ...price('2'), description: 'fast', system_prompt: 'Be short.' });
  await put('settings', { plans_url: 'https://shop.example/plans' });
  const { position } = await put('settings', { plans_url: null });
  const [alias] = (await changes(`noun=alias&id=tuned&min_position=${position}`)).data;
  t.like(alias, { actor: { type: 'admin' }, before: { description: 'slow', system_prompt: null } });
  t.like(alias?.after, { description: 'fast', system_prompt: 'Be short.' });
  const [settings] = (await changes('noun=settings')).data;
  t.like(settings?.before, { plans_url: 'https://shop.example/plans' });
  t.like(settings?.after, { plans_url: null });
});
