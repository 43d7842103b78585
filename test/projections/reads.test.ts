import test from 'ava';
import { pino } from 'pino';
import { accessRows, catalogueRows } from '../../src/adapters/postgres/index-rows.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import { plainAlias } from '../../src/domain/alias/events.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { everything } from '../../src/domain/permits.ts';
import { usualSettings } from '../../src/domain/settings/events.ts';
import { apiKeys, apiKeysPage, hashOfKey, listApiKeys } from '../../src/projections/api-keys.ts';
import { asOf } from '../../src/projections/as-of.ts';
import { balance, balanceLookOf } from '../../src/projections/balance.ts';
import { calls } from '../../src/projections/calls.ts';
import {
  AdminCallRow,
  CallRow,
  callsPage,
  listAllCalls,
  listCalls,
} from '../../src/projections/calls-reads.ts';
import { EventCursor, eventsPage, listEvents } from '../../src/projections/event-index.ts';
import { listMembers, membersPage } from '../../src/projections/members.ts';
import { MomentCursor } from '../../src/projections/page.ts';
import { projections } from '../../src/projections/registry.ts';
import { listAccounts, listImbalances } from '../../src/projections/trial-balance.ts';
import { usagePerDay, usagePerModel, usageTotals } from '../../src/projections/usage-by-day.ts';
import { readDatabase } from '../support/read-side.ts';
import { stored, storedHistory } from '../support/recorded.ts';
import { routeTo } from '../support/routes.ts';
import {
  grantOf,
  history,
  memberId,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../support/wallets.ts';

const hash = (letter: string) => letter.repeat(64);
const terms = routeTo([{ upstream: 'sandbox', model: 'demo', weight: 1.5 }]);

const noMedia = {
  ...{ audio_input: 0, audio_output: 0, image_input: 0, image_output: 0 },
  ...{ images: 0, seconds: 0, characters: 0 },
};
const noMediaTokens = {
  audio_input: null,
  audio_output: null,
  image_input: null,
  image_output: null,
};

const calledThrice = history(
  grantOf('99999999999999999999999999.123456789012'),
  grantOf('99999999999999999999999999.123456789012', { kind: 'compensation' }),
  ...['a', 'b', 'c'].map((name) => reserveOf(name)),
  settleOf('a', { input: 10, output: 20 }),
  releaseOf('b'),
);
const plan = {
  ...{ id: 'pro', expiresAt: noon, ...everything, scenarios: ['code'] },
  limits: { requestsPerMinute: 6, tokensPerMinute: null, concurrent: 0 },
};
const people: readonly DomainEvent[] = [
  ...['x', 'y', 'z'].map(
    (name): DomainEvent => ({
      type: 'MemberRegistered',
      data: {
        memberId: nameId(name),
        walletId: nameId(`wallet ${name}`),
        emailHash: hash('e'),
        sealed: 'jwe',
      },
    }),
  ),
  { type: 'RoleGranted', data: { memberId: nameId('x'), role: 'admin' } },
  { type: 'PlanAssigned', data: { memberId: nameId('y'), plan } },
  { type: 'PlanAssigned', data: { memberId: nameId('z'), plan } },
  { type: 'PlanAssigned', data: { memberId: nameId('z'), plan: null } },
  { type: 'ClientAppJoined', data: { memberId: nameId('y'), clientApp: 'shop' } },
  { type: 'MemberDisabled', data: { memberId: nameId('y'), reason: 'test' } },
  { type: 'MemberDisabled', data: { memberId: nameId('z'), reason: 'test' } },
  { type: 'MemberEnabled', data: { memberId: nameId('z'), reason: 'test' } },
  { type: 'AliasChanged', data: { alias: 'demo', ...plainAlias, description: 'fast' } },
  { type: 'ClientAppChanged', data: { clientApp: 'shop', scenario: 'chat' } },
  { type: 'ClientAppChanged', data: { clientApp: 'shop', scenario: 'code' } },
  { type: 'SettingsChanged', data: { ...usualSettings, defaultAlias: 'demo' } },
  {
    type: 'ApiKeyPermitted',
    data: {
      ...{ hash: hash('b'), keyId: nameId('b'), memberId: nameId('x') },
      permits: { ...everything, aliases: ['demo'], scenario: null },
    },
  },
  ...['a', 'b'].map(
    (letter): DomainEvent => ({
      type: 'ApiKeyClaimed',
      data: {
        hash: hash(letter),
        keyId: nameId(letter),
        memberId: nameId('x'),
        walletId: nameId('wallet x'),
        name: `key ${letter}`,
        prefix: 'sk-abc',
      },
    }),
  ),
  {
    type: 'ApiKeyRevoked',
    data: { hash: hash('a'), keyId: nameId('a'), memberId: nameId('x') },
  },
  { type: 'LoggedOut', data: { memberId: nameId('x'), sessionId: nameId('session') } },
  {
    type: 'PriceListPublished',
    data: {
      alias: 'demo',
      version: 1,
      currency: 'CNY',
      prices: { input: '1', cachedInput: '0.5', output: '3' },
      defaultMaxOutput: 9_000_000_000,
      effectiveAt: noon,
    },
  },
  { type: 'AliasWithdrawn', data: { alias: 'demo', version: 1 } },
  { type: 'RouteChanged', data: { alias: 'gone', ...terms } },
  { type: 'RouteRemoved', data: { alias: 'gone' } },
  { type: 'RouteChanged', data: { alias: 'demo', ...terms } },
];

async function filled(t: Parameters<typeof readDatabase>[0]) {
  const { url, pool } = await readDatabase(t);
  const project = projector({ databaseUrl: url, projections, log: pino({ level: 'silent' }) });
  await project.open();
  await project.apply([
    ...storedHistory(calledThrice),
    ...people.map((event, index) =>
      stored(event, { position: BigInt(100 + index), stream: 'other', revision: BigInt(index) }),
    ),
  ]);
  project.close();
  return pool;
}

test('calls come newest first, page by page, as their members see them', async (t) => {
  const pool = await filled(t);
  const all = await pool.any(listCalls(memberId, { limit: 10 }));
  const seen: string[] = [];
  let after: readonly [string, string] | undefined;
  for (let pages = 0; pages < 3; pages += 1) {
    const wanted = { limit: 1, after: after ? ([...after] as [string, string]) : undefined };
    const { data, next_cursor } = callsPage(await pool.any(listCalls(memberId, wanted)), wanted);
    seen.push(...data.map(({ id }) => id));
    after = next_cursor === null ? undefined : MomentCursor.parse(next_cursor);
  }
  t.is(after, undefined);
  t.deepEqual(
    seen,
    all.map(({ id }) => id),
  );
  t.is(new Set(seen).size, 3);
  const settled = all.find(({ status }) => status === 'settled');
  t.deepEqual(settled, {
    id: nameId('a'),
    request_id: 'req_a',
    client_request_id: null,
    at: noon,
    model: 'demo',
    status: 'settled',
    outcome: 'completed',
    basis: 'usage',
    usage: { input: 10, cached_input: 0, output: 20, reasoning: 0, cache_write: 0, ...noMedia },
    price: {
      ...{ version: 1, currency: 'CNY', input: '1', cached_input: '0.5', output: '3' },
      ...{ cache_write: null, reasoning: null, request: null, ...noMediaTokens },
      ...{ image: null, second: null, character: null },
    },
    hold: '0.0004',
    charge: '0.00007',
    corrected: '0',
    asset: 'CNY',
    latency_ms: 12,
    first_token_ms: 3,
  });
  t.is(all.find(({ status }) => status === 'open')?.usage, null);
  t.is(all.find(({ status }) => status === 'released')?.charge, '0');
  // An answer is checked against the same schema once more.
  t.notThrows(() => all.map((row) => CallRow.parse(row)));
  const everyone = await pool.any(listAllCalls({}, { limit: 10 }));
  t.is(everyone.length, 3);
  t.is(everyone.find(({ status }) => status === 'settled')?.upstream, 'sandbox');
  t.notThrows(() => everyone.map((row) => AdminCallRow.parse(row)));
  t.deepEqual(await pool.any(listCalls(nameId('nobody'), { limit: 10 })), []);
});

test('balances are exact where no float could be', async (t) => {
  const pool = await filled(t);
  t.deepEqual(await pool.any(balanceLookOf(walletId)), [
    {
      position: String(100 + people.length - 1),
      asset: 'CNY',
      posted: '199999999999999999999999998.246843578024',
      held: '0.0004',
    },
  ]);
  t.deepEqual(await pool.any(listImbalances()), []);
  const accounts = await pool.any(listAccounts());
  t.is(accounts.find(({ account }) => account === 'revenue:usage')?.balance, '-0.00007');
});

test('usage adds up by day, by model and altogether', async (t) => {
  const pool = await filled(t);
  const days = { from: '2026-01-01', to: '2026-01-01' };
  const used = {
    asset: 'CNY',
    calls: 1,
    input: 10,
    cached_input: 0,
    output: 20,
    reasoning: 0,
    cache_write: 0,
    ...noMedia,
    charge: '0.00007',
  };
  t.deepEqual(await pool.any(usageTotals(memberId, days)), [used]);
  t.deepEqual(await pool.any(usagePerDay(memberId, days)), [{ day: '2026-01-01', ...used }]);
  t.deepEqual(await pool.any(usagePerModel(memberId, days)), [{ model: 'demo', ...used }]);
  const before = { from: '2025-12-01', to: '2025-12-31' };
  t.deepEqual(await pool.any(usageTotals(memberId, before)), []);
});

test('members, keys and events are listed page by page', async (t) => {
  const pool = await filled(t);
  const first = { limit: 2 };
  const members = membersPage(await pool.any(listMembers(first)), first);
  const next = { limit: 2, after: MomentCursor.parse(members.next_cursor) };
  const rest = membersPage(await pool.any(listMembers(next)), next);
  const listed = [...members.data, ...rest.data];
  t.is(rest.next_cursor, null);
  t.deepEqual(listed.map(({ member_id }) => member_id).sort(), ['x', 'y', 'z'].map(nameId).sort());
  t.deepEqual(listed.find(({ member_id }) => member_id === nameId('x'))?.roles, ['admin']);

  const one = { limit: 1 };
  const keys = apiKeysPage(await pool.any(listApiKeys(nameId('x'), one)), one);
  const after = { limit: 1, after: MomentCursor.parse(keys.next_cursor) };
  const more = apiKeysPage(await pool.any(listApiKeys(nameId('x'), after)), after);
  t.deepEqual([...keys.data, ...more.data].map(({ name }) => name).sort(), ['key a', 'key b']);
  t.is(await pool.maybeOneFirst(hashOfKey(nameId('x'), nameId('a'))), hash('a'));
  t.is(await pool.maybeOneFirst(hashOfKey(nameId('y'), nameId('a'))), null);

  const events = eventsPage(await pool.any(listEvents({}, { limit: 4 })), { limit: 4 });
  const older = { limit: 100, after: EventCursor.parse(events.next_cursor) };
  const others = await pool.any(listEvents({}, older));
  t.is(events.data.length + others.length, calledThrice.length + people.length);
  t.is((await pool.any(listEvents({ stream: 'other' }, { limit: 100 }))).length, people.length);
});

test('a cursor that nobody handed out is refused', (t) => {
  for (const text of ['', 'x', 'bnVsbA', Buffer.from('["1","2"]').toString('base64url')]) {
    t.false(MomentCursor.safeParse(text).success);
  }
});

test('a read says up to which event it knows', async (t) => {
  const pool = await filled(t);
  const last = String(100 + people.length - 1);
  t.is(await pool.maybeOneFirst(asOf([calls, balance])), last);
  const { pool: fresh } = await readDatabase(t);
  t.is(await fresh.maybeOneFirst(asOf([calls, apiKeys])), null);
});

test('indexes start from rows of one moment', async (t) => {
  const pool = await filled(t);
  const access = await accessRows(pool);
  t.is(access.after, BigInt(100 + people.length - 1));
  t.deepEqual(
    access.apiKeys.map(({ hash: text }) => text[0]),
    ['b'],
    'not the one that was revoked',
  );
  t.is(access.members.length, 3);
  t.deepEqual(
    access.members.find(({ member_id }) => member_id === nameId('x')),
    {
      member_id: nameId('x'),
      wallet_id: nameId('wallet x'),
      email_hash: hash('e'),
      sealed: 'jwe',
      status: 'unverified',
      roles: ['admin'],
      ...{ disabled: false, client_app: null, plan: null },
    },
  );
  const decided = (name: string) =>
    access.members.find(({ member_id }) => member_id === nameId(name));
  t.like(decided('y'), { disabled: true, client_app: 'shop', plan });
  t.like(decided('z'), { disabled: false, client_app: null, plan: null });
  t.deepEqual(access.apiKeys.map(({ hash: text, permits }) => [text[0], permits]).sort(), [
    ['b', { ...everything, aliases: ['demo'], scenario: null }],
  ]);
  t.deepEqual(access.endedSessions, [{ session_id: nameId('session') }]);
  const catalogue = await catalogueRows(pool);
  t.deepEqual(catalogue.routes, [{ alias: 'demo', ...terms, hangUp: 'cancel' }]);
  t.deepEqual(catalogue.aliases, [
    { alias: 'demo', terms: { ...plainAlias, description: 'fast' } },
  ]);
  t.deepEqual(catalogue.clientApps, [{ client_app: 'shop', terms: { scenario: 'code' } }]);
  t.deepEqual(catalogue.settings, [{ terms: { ...usualSettings, defaultAlias: 'demo' } }]);
  t.deepEqual(catalogue.priceLists, [
    {
      alias: 'demo',
      version: 1,
      currency: 'CNY',
      input: '1',
      cached_input: '0.5',
      output: '3',
      cache_write: null,
      reasoning: null,
      request: null,
      ...noMediaTokens,
      ...{ per_image: null, per_second: null, per_character: null },
      default_max_output: 9_000_000_000,
      effective_at: noon,
      withdrawn: true,
    },
  ]);
});
