import { createHash, randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import type { AccessParts } from '../../../src/adapters/eventstore/access.ts';
import { accessIndex } from '../../../src/adapters/eventstore/access.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import type { AccessRows } from '../../../src/adapters/postgres/index-rows.ts';
import type { KeyPermits } from '../../../src/domain/api-key/events.ts';
import { scenarioNames } from '../../../src/domain/budget/scenario-names.ts';
import { EventFromNewerVersion } from '../../../src/domain/events.ts';
import { everything } from '../../../src/domain/permits.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { eventually } from '../../support/eventually.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';

const logger = pino({ level: 'silent' });
const clock = () => new Date('2025-01-01T00:00:00.000Z');
const noRows: AccessRows = { apiKeys: [], members: [], endedSessions: [], after: null };

async function indexOn(t: ExecutionContext, log: MemoryLog, more: Partial<AccessParts> = {}) {
  const index = accessIndex({
    ...{ log, logger, scenarios: scenarioNames() },
    rows: () => Promise.resolve(noRows),
    ...more,
  });
  t.teardown(() => index.close());
  await index.filled;
  return index;
}

const planOf = (id: string) => ({
  ...{ id, expiresAt: null, ...everything, scenarios: [`for-${id}`] },
  limits: { requestsPerMinute: 1, tokensPerMinute: null, concurrent: null },
});

/** A member with a key, and what can happen to them. */
function person(log: MemoryLog) {
  const { member, apiKey } = runners({ log, clock });
  const [memberId, walletId, keyId] = [randomUUID(), randomUUID(), randomUUID()];
  const hash = createHash('sha256').update(keyId).digest('hex');
  const emailHash = 'e'.repeat(64);
  const change = (command: Parameters<typeof member.run>[1]) =>
    member.run(streamOf.member(memberId), command, contextOf(randomUUID()));
  const ofKey = (command: Parameters<typeof apiKey.run>[1]) =>
    apiKey.run(streamOf.apiKey(hash), command, contextOf(randomUUID()));
  return {
    memberId,
    walletId,
    keyId,
    hash,
    emailHash,
    register: () =>
      change(() => ({ type: 'RegisterMember', memberId, walletId, emailHash, sealed: 's' })),
    verify: () => change(() => ({ type: 'VerifyMember' })),
    promote: () => change(() => ({ type: 'GrantRole', role: 'admin' })),
    supersede: () => change(() => ({ type: 'SupersedeRegistration', by: randomUUID() })),
    signOut: (sessionId: string) => change(() => ({ type: 'SignOut', sessionId })),
    claim: () =>
      ofKey(() => ({
        ...{ type: 'ClaimApiKey', hash, keyId, memberId, walletId, name: 'n', prefix: 'sk-1' },
      })),
    revoke: () => ofKey(() => ({ type: 'RevokeApiKey', memberId })),
    permit: (aliases: string[] | null, more: Partial<KeyPermits> = {}) =>
      ofKey(() => ({ type: 'PermitApiKey', memberId, permits: { aliases, ...more } })),
    assign: (id: string | null) =>
      change(() => ({ type: 'AssignPlan', plan: id === null ? null : planOf(id) })),
    join: (clientApp: string) => change(() => ({ type: 'JoinClientApp', clientApp })),
    disable: () => change(() => ({ type: 'DisableMember', reason: 'spam' })),
    enable: () => change(() => ({ type: 'EnableMember', reason: 'none after all' })),
  };
}

/** A log whose subscriptions never say anything. */
const mute = (log: MemoryLog): MemoryLog => ({
  ...log,
  subscribe: async function* ({ signal }) {
    yield { kind: 'caught_up' };
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
});

test('a key works as soon as another process has made it, and no more once it has revoked it', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  const { hash, keyId, memberId, walletId, register, claim, revoke } = person(log);
  t.is(await index.keyOf(hash), 'unknown');
  await register();
  await claim();
  await eventually(async () => (await index.keyOf(hash)) !== 'unknown');
  t.deepEqual(await index.keyOf(hash), { keyId, memberId, walletId, name: 'n' });
  await revoke();
  await eventually(async () => (await index.keyOf(hash)) === 'revoked');
  t.is(await index.keyOf(hash), 'revoked');
});

test('an unknown key is looked for in its own stream, whatever the subscription says', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, mute(log));
  const { hash, keyId, memberId, register, verify, claim } = person(log);
  await register();
  await verify();
  await claim();
  const key = await index.keyOf(hash);
  t.is(typeof key === 'object' && key.keyId, keyId);
  t.is((await index.member(memberId))?.status, 'active');
});

test('a revoked key of an unheard stream is revoked, not unknown', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, mute(log));
  const { hash, claim, revoke } = person(log);
  await claim();
  await revoke();
  t.is(await index.keyOf(hash), 'revoked');
});

test('of revoked keys only the last are remembered, and all are refused alike', async (t) => {
  const log = memoryLog();
  let reads = 0;
  const counted: MemoryLog = {
    ...mute(log),
    read(...args) {
      reads += 1;
      return log.read(...args);
    },
  };
  const index = await indexOn(t, counted, { mostRevoked: 1 });
  const [first, second, live] = [person(log), person(log), person(log)];
  const claimed = [];
  for (const each of [first, second, live]) {
    claimed.push(...(await each.claim()).events, ...(await each.permit(['demo'])).events);
  }
  index.apply(claimed);
  const revoked = [...(await first.revoke()).events, ...(await second.revoke()).events];
  index.apply(revoked);
  t.is(await index.keyOf(second.hash), 'revoked');
  t.like(await index.keyOf(live.hash), { keyId: live.keyId, permits: { aliases: ['demo'] } });
  t.is(reads, 0);
  // What was said before its end comes again, late.
  index.apply(claimed);
  t.is(await index.keyOf(first.hash), 'revoked');
  t.is(reads, 1, 'its own stream was asked');
  t.is(await index.keyOf(second.hash), 'revoked');
  t.like(await index.keyOf(live.hash), { keyId: live.keyId, permits: { aliases: ['demo'] } });
});

test('a key that is heard of after revocations that are forgotten is found in its own stream', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, mute(log), { mostRevoked: 1 });
  const [one, other, late] = [person(log), person(log), person(log)];
  const { events } = await late.claim();
  const { events: permitted } = await late.permit(['demo']);
  for (const each of [one, other]) {
    await each.claim();
    index.apply((await each.revoke()).events);
  }
  index.apply([...events, ...permitted]);
  t.like(await index.keyOf(late.hash), { keyId: late.keyId, permits: { aliases: ['demo'] } });
  index.apply((await late.permit(['small'])).events);
  index.apply((await late.revoke()).events);
  t.is(await index.keyOf(late.hash), 'revoked');
});

test('rows of keys that are good are all that an index starts from', async (t) => {
  const log = memoryLog();
  const { hash, claim, revoke } = person(log);
  const { events } = await claim();
  const { position } = await revoke();
  const index = await indexOn(t, mute(log), {
    rows: () => Promise.resolve({ ...noRows, after: position }),
  });
  index.apply(events);
  t.is(await index.keyOf(hash), 'revoked');
});

test('keys that do not exist cost one read for a while, and work the moment they are made here', async (t) => {
  const log = memoryLog();
  let reads = 0;
  const counted: MemoryLog = {
    ...mute(log),
    read(...args) {
      reads += 1;
      return log.read(...args);
    },
  };
  const index = await indexOn(t, counted, { unknownMs: 60_000 });
  const { hash, claim } = person(log);
  await Promise.all([index.keyOf(hash), index.keyOf(hash)]);
  t.is(await index.keyOf(hash), 'unknown');
  t.is(reads, 1);
  const { events } = await claim();
  index.apply(events);
  t.not(await index.keyOf(hash), 'unknown');
});

test('the index starts from rows and goes on after them', async (t) => {
  const log = memoryLog();
  const { hash, keyId, memberId, walletId, register, verify, promote, signOut } = person(log);
  const sessionId = randomUUID();
  await register();
  const rows: AccessRows = {
    apiKeys: [
      {
        ...{ hash, key_id: keyId, member_id: memberId, wallet_id: walletId },
        name: 'n',
        prefix: 'p',
        permits: null,
      },
    ],
    members: [
      {
        member_id: memberId,
        wallet_id: walletId,
        email_hash: 'e'.repeat(64),
        sealed: 's',
        status: 'unverified',
        roles: [],
        ...{ disabled: true, client_app: 'app', plan: null },
      },
    ],
    endedSessions: [{ session_id: sessionId }],
    after: 0n,
  };
  await verify();
  await promote();
  const later = randomUUID();
  await signOut(later);
  const index = await indexOn(t, log, { rows: () => Promise.resolve(rows) });
  t.deepEqual(await index.member(memberId), {
    ...{ walletId, emailHash: 'e'.repeat(64), sealed: 's' },
    status: 'active',
    roles: ['admin'],
    ...{ disabled: true, clientApp: 'app', plan: null },
  });
  t.is(typeof (await index.keyOf(hash)), 'object');
  t.true(index.sessionEnded(sessionId) && index.sessionEnded(later));
  t.false(index.sessionEnded(randomUUID()));
});

test('events may come twice and in any order among streams', async (t) => {
  const log = memoryLog();
  const { hash, memberId, register, verify, promote, claim, revoke } = person(log);
  const outcomes = [
    await register(),
    await verify(),
    await promote(),
    await claim(),
    await revoke(),
  ];
  const events = outcomes.flatMap((outcome) => [...outcome.events]);
  for (const order of [events, events.toReversed(), [...events, ...events]]) {
    const index = await indexOn(t, mute(memoryLog()));
    for (const event of order) index.apply([event]);
    t.is(await index.keyOf(hash), 'revoked');
    t.deepEqual(
      { ...(await index.member(memberId)) },
      { ...(await index.member(memberId)), status: 'active', roles: ['admin'] },
    );
  }
});

test('of what goes to and fro the newest word counts, in whatever order it is heard', async (t) => {
  const log = memoryLog();
  const someone = person(log);
  const outcomes = [
    await someone.register(),
    await someone.claim(),
    await someone.permit(['small']),
    await someone.permit(['demo']),
    await someone.assign('free'),
    await someone.assign('pro'),
    await someone.join('shop'),
    await someone.disable(),
    await someone.enable(),
    await someone.disable(),
  ];
  const events = outcomes.flatMap((outcome) => [...outcome.events]);
  for (const order of [events, events.toReversed(), [...events, ...events]]) {
    const index = await indexOn(t, mute(memoryLog()));
    for (const event of order) index.apply([event]);
    t.like(await index.keyOf(someone.hash), { permits: { aliases: ['demo'], scenarios: null } });
    t.like(await index.member(someone.memberId), {
      ...{ disabled: true, clientApp: 'shop', plan: planOf('pro') },
    });
  }
});

test('what an event takes back is gone, and what a row says is older than any event', async (t) => {
  const log = memoryLog();
  const someone = person(log);
  const { memberId, hash } = someone;
  const row = { member_id: memberId, wallet_id: someone.walletId, sealed: 's' };
  const members = [
    {
      ...{ ...row, email_hash: 'e'.repeat(64), status: 'active' as const, roles: [] },
      ...{ disabled: true, client_app: null, plan: planOf('free') },
    },
  ];
  const rows: AccessRows = { ...noRows, members };
  const index = await indexOn(t, log, { rows: () => Promise.resolve(rows) });
  t.like(await index.member(memberId), { disabled: true, plan: planOf('free') });
  await someone.register();
  await someone.claim();
  await someone.disable();
  await someone.enable();
  await someone.assign('pro');
  await someone.assign(null);
  await someone.permit(['demo']);
  await someone.permit(null);
  await eventually(async () => (await index.member(memberId))?.plan === null);
  t.false((await index.member(memberId))?.disabled);
  await eventually(async () => {
    const key = await index.keyOf(hash);
    return typeof key === 'object' && key.permits?.aliases === null;
  });
  t.like(await index.keyOf(hash), { permits: everything });
});

test('a registration that another one replaced is no longer unverified', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  const { memberId, register, supersede } = person(log);
  await register();
  await supersede();
  await eventually(async () => (await index.member(memberId))?.status !== 'unverified');
  t.is((await index.member(memberId))?.status, 'superseded');
});

test('what the subscription leaves out is read, as long as the log can be read', async (t) => {
  const log = memoryLog();
  let subscriptions = 0;
  const dead = mute(log);
  const flaky: MemoryLog = {
    ...log,
    subscribe(start) {
      subscriptions += 1;
      return (subscriptions === 1 ? dead : log).subscribe(start);
    },
  };
  const index = await indexOn(t, flaky, { staleMs: 100 });
  const { hash, claim, revoke } = person(log);
  index.apply((await claim()).events);
  await revoke();
  await eventually(async () => (await index.keyOf(hash)) === 'revoked');
  t.true(index.fresh().ok);
});

test('while the log grows and nothing can be heard of it, the index says so', async (t) => {
  const log = memoryLog();
  let subscriptions = 0;
  const dead: MemoryLog = {
    ...log,
    async *subscribe({ signal }) {
      subscriptions += 1;
      if (subscriptions === 1) yield { kind: 'caught_up' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  };
  const index = await indexOn(t, dead, { staleMs: 100 });
  t.true(index.fresh().ok);
  await person(log).register();
  await eventually(() => !index.fresh().ok);
  t.like(index.fresh(), {
    ok: false,
    reason: 'the access index has not been seen current for 100 ms.',
  });
});

test('a quiet log is a fresh one', async (t) => {
  const log = memoryLog();
  let looks = 0;
  const counted: MemoryLog = {
    ...log,
    head() {
      looks += 1;
      return log.head();
    },
  };
  const index = await indexOn(t, counted, { staleMs: 1_000 });
  // Longer than it may go without knowing.
  await eventually(() => looks > 7);
  t.true(index.fresh().ok);
});

test('an event of a newer release makes the index unsure', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  const metadata = { v: 2 };
  const stream = streamOf.member(randomUUID());
  await log.append(stream, 'no_stream', [
    { id: randomUUID(), type: 'RoleGranted', data: {}, metadata },
  ]);
  await eventually(() => !index.fresh().ok);
  await t.throwsAsync(index.member(stream.slice('member-'.length)), {
    instanceOf: EventFromNewerVersion,
  });
});

test('an index that could not be filled tries again', async (t) => {
  const log = memoryLog();
  let tries = 0;
  const rows = () => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('no database yet')) : Promise.resolve(noRows);
  };
  const index = await indexOn(t, log, { rows });
  t.is(tries, 2);
  t.true(index.fresh().ok);
});

test('names of scenarios count that plans permit; what keys permit is their members’ word', async (t) => {
  const { register, claim, permit, assign, memberId, walletId, emailHash } = person(memoryLog());
  const scenarios = scenarioNames(0);
  const member = {
    ...{ member_id: memberId, wallet_id: walletId, email_hash: emailHash, sealed: 's' },
    ...{ roles: [], disabled: false, client_app: null, plan: planOf('row') },
  };
  const index = await indexOn(t, memoryLog(), {
    scenarios,
    rows: () => Promise.resolve({ ...noRows, members: [{ ...member, status: 'active' }] }),
  });
  const outcomes = [
    await register(),
    await assign('new'),
    await assign(null),
    await claim(),
    await permit(null, { scenarios: ['listed'], scenario: 'usual' }),
  ];
  for (const { events } of outcomes) index.apply(events);
  t.deepEqual(
    ['for-row', 'for-new', 'listed', 'usual'].filter((name) =>
      scenarios.counted(name, clock().toISOString()),
    ),
    ['for-row', 'for-new'],
  );
});
