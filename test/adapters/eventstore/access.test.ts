import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { AccessRows } from '../../../src/adapters/postgres/index-rows.ts';
import { scenarioNames } from '../../../src/domain/budget/scenario-names.ts';
import { everything } from '../../../src/domain/permits.ts';
import { eventually } from '../../support/eventually.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { clock, countingReads, indexOn, mute, noRows, person, planOf } from './access-people.ts';

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
  const { counted, reads } = countingReads(log);
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
  t.is(reads(), 0);
  // What was said before its end comes again, late.
  index.apply(claimed);
  t.is(await index.keyOf(first.hash), 'revoked');
  t.is(reads(), 1, 'its own stream was asked');
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
  const { counted, reads } = countingReads(log);
  const index = await indexOn(t, counted, { unknownMs: 60_000 });
  const { hash, claim } = person(log);
  await Promise.all([index.keyOf(hash), index.keyOf(hash)]);
  t.is(await index.keyOf(hash), 'unknown');
  t.is(reads(), 1);
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
