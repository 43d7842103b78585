import test from 'ava';
import type { DomainEvent } from '../../src/domain/events.ts';
import { nameId } from '../../src/domain/ids.ts';
import { apiKeys } from '../../src/projections/api-keys.ts';
import { eventIndex } from '../../src/projections/event-index.ts';
import { memberRoles } from '../../src/projections/member-roles.ts';
import { members } from '../../src/projections/members.ts';
import { priceLists } from '../../src/projections/price-lists.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { routes } from '../../src/projections/routes.ts';
import { sessions } from '../../src/projections/sessions.ts';
import { recorded } from '../support/recorded.ts';
import { routeTo } from '../support/routes.ts';

const at = '2026-01-01T12:00:00.000Z';
const memberId = nameId('m');
const walletId = nameId('w');
const keyId = nameId('k');
const sessionId = nameId('s');
const emailHash = 'e'.repeat(64);
const hash = 'a'.repeat(64);

const rows = (projection: Projection, event: DomainEvent) =>
  projection.rowsOf(recorded(event, { at }));

test('a registration makes a member who is not verified', (t) => {
  const data = { memberId, walletId, emailHash, sealed: 'jwe' };
  t.deepEqual(rows(members, { type: 'MemberRegistered', data }), [
    {
      member_id: memberId,
      wallet_id: walletId,
      email_hash: emailHash,
      sealed: 'jwe',
      status: 'unverified',
      registered_at: at,
    },
  ]);
});

test('a newer sign-up supersedes a registration', (t) => {
  const data = { memberId, by: nameId('other') };
  t.deepEqual(rows(members, { type: 'RegistrationSuperseded', data }), [
    { member_id: memberId, status: 'superseded' },
  ]);
});

test('a verified address makes the member active', (t) => {
  const data = { memberId, walletId, emailHash };
  t.deepEqual(rows(members, { type: 'EmailVerified', data }), [
    { member_id: memberId, status: 'active', verified_at: at },
  ]);
});

test('a granted role is listed', (t) => {
  t.deepEqual(rows(memberRoles, { type: 'RoleGranted', data: { memberId, role: 'admin' } }), [
    { member_id: memberId, role: 'admin', granted: true, since: at },
  ]);
});

test('signing in starts a session', (t) => {
  const expiresAt = '2026-01-02T12:00:00.000Z';
  const data = { memberId, sessionId, expiresAt, sealedClient: 'jwe' };
  t.deepEqual(rows(sessions, { type: 'LoginSucceeded', data }), [
    { session_id: sessionId, member_id: memberId, started_at: at, expires_at: expiresAt },
  ]);
});

test('signing out ends it', (t) => {
  t.deepEqual(rows(sessions, { type: 'LoggedOut', data: { memberId, sessionId } }), [
    { session_id: sessionId, member_id: memberId, ended_at: at },
  ]);
});

test('a claimed key is listed by its hash', (t) => {
  const data = { hash, keyId, memberId, walletId, name: 'laptop', prefix: 'sk-abc' };
  t.deepEqual(rows(apiKeys, { type: 'ApiKeyClaimed', data }), [
    {
      key_id: keyId,
      hash,
      member_id: memberId,
      wallet_id: walletId,
      name: 'laptop',
      prefix: 'sk-abc',
      created_at: at,
    },
  ]);
});

test('a revoked key says when', (t) => {
  t.deepEqual(rows(apiKeys, { type: 'ApiKeyRevoked', data: { hash, keyId, memberId } }), [
    { key_id: keyId, revoked_at: at },
  ]);
});

test('a published price list replaces the one before', (t) => {
  const data = {
    alias: 'demo',
    version: 2,
    currency: 'CNY',
    prices: { input: '1', cachedInput: '0.5', output: '3' },
    defaultMaxOutput: 64,
    effectiveAt: at,
  };
  t.deepEqual(rows(priceLists, { type: 'PriceListPublished', data }), [
    {
      alias: 'demo',
      version: 2,
      currency: 'CNY',
      input: '1',
      cached_input: '0.5',
      output: '3',
      cache_write: null,
      reasoning: null,
      request: null,
      default_max_output: 64,
      effective_at: at,
    },
  ]);
});

test('a changed route replaces the one before', (t) => {
  const terms = routeTo([{ upstream: 'sandbox', model: 'demo', weight: 1 }]);
  t.deepEqual(rows(routes, { type: 'RouteChanged', data: { alias: 'demo', ...terms } }), [
    { alias: 'demo', ...terms, hang_up: 'cancel', is_set: true },
  ]);
});

test('what is withdrawn is told of its last price list; a removed route has no row', (t) => {
  t.deepEqual(rows(priceLists, { type: 'AliasWithdrawn', data: { alias: 'demo', version: 2 } }), [
    { alias: 'demo', version: 2, withdrawn_at: at },
  ]);
  t.deepEqual(rows(routes, { type: 'RouteRemoved', data: { alias: 'demo' } }), [
    { alias: 'demo', is_set: false },
  ]);
});

test('every event is in the index, whatever its type', (t) => {
  const event = recorded(
    { type: 'LoggedOut', data: { memberId, sessionId } },
    { position: 12n, stream: 'member-m', revision: 3n, at },
  );
  t.deepEqual(eventIndex.rowsOf(event), [
    {
      position: 12n,
      id: event.id,
      stream: 'member-m',
      revision: 3n,
      type: 'LoggedOut',
      recorded_at: at,
      effective_at: at,
      actor_type: 'system',
      actor_id: 'test',
      on_behalf_of: null,
      command_id: 'command-12',
      correlation_id: 'request-12',
      causation_id: null,
      source: 'test',
      reason: null,
    },
  ]);
});
