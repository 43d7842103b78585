import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import { once } from '../../../src/adapters/eventstore/once.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import type { RunPoliciesFor } from '../../../src/adapters/postgres/policy-runner.ts';
import { policyRunner } from '../../../src/adapters/postgres/policy-runner.ts';
import { policyPrefixes, runPolicies } from '../../../src/adapters/postgres/run-policies.ts';
import { storedRefusal } from '../../../src/api/errors.ts';
import { apiKeyEvents } from '../../../src/domain/api-key/events.ts';
import { emailEvents } from '../../../src/domain/email/events.ts';
import { decode } from '../../../src/domain/events.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { memberEvents } from '../../../src/domain/member/events.ts';
import { everything as permitted } from '../../../src/domain/permits.ts';
import { policies } from '../../../src/domain/policies.ts';
import { settingsEvents } from '../../../src/domain/settings/events.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { eventually } from '../../support/eventually.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { outage } from '../../support/outage.ts';
import { readDatabase } from '../../support/read-side.ts';

const silent = pino({ level: 'silent' });
const clock = () => new Date('2026-01-01T12:00:00.000Z');
const [memberId, walletId] = [nameId('member'), nameId('wallet')];
const emailHash = 'e'.repeat(64);

function scene() {
  const log = memoryLog();
  const run = runners({ log, clock });
  const runPoliciesFor = policyRunner({
    ...run,
    once: once({ log, clock, replyOf: storedRefusal }),
    clock,
    log: silent,
  });
  return { log, run, runPoliciesFor };
}

const context = (commandId: string) => ({
  commandId,
  correlationId: 'request',
  actor: { type: 'anonymous', id: 'test' } as const,
  at: clock().toISOString(),
  source: 'test',
});

const claim = {
  type: 'ClaimEmail',
  emailHash,
  memberId,
  walletId,
  codeHash: 'code',
  sealed: 'jwe',
  expiresAt: '2026-01-02T12:00:00.000Z',
} as const;

async function signUp({ run }: ReturnType<typeof scene>) {
  const stream = streamOf.email(emailHash);
  const claimed = await run.email.run(stream, () => claim, context('claim'));
  const owned = await run.email.run(
    stream,
    (at) => ({ type: 'OwnEmail', codeHash: 'code', at }),
    context('own'),
  );
  const appointed = await run.settings.run(
    streamOf.settings(),
    () => ({ type: 'AppointFirstAdmin', memberId, walletId }),
    context('appoint'),
  );
  return [...claimed.events, ...owned.events, ...appointed.events];
}

function feedOf(
  t: ExecutionContext,
  databaseUrl: string,
  { log: eventLog, runPoliciesFor }: ReturnType<typeof scene>,
) {
  const feed = runPolicies({ databaseUrl, eventLog, run: runPoliciesFor, log: silent });
  t.teardown(feed.close);
  return feed;
}

const typesIn = ({ events }: MemoryLog, stream: string) =>
  events.filter((event) => event.stream === stream).map(({ type }) => type);

const everything = (t: { deepEqual(a: unknown, b: unknown): boolean }, log: MemoryLog) => {
  t.deepEqual(typesIn(log, streamOf.member(memberId)), [
    'MemberRegistered',
    'EmailVerified',
    'RoleGranted',
  ]);
  t.deepEqual(typesIn(log, streamOf.wallet(walletId)), ['WalletPeriodOpened', 'CreditGranted']);
};

const allDone = ({ events }: MemoryLog) => events.some(({ type }) => type === 'CreditGranted');

test('policies have their events in the streams that are followed for them', (t) => {
  const followed = { ...emailEvents, ...settingsEvents, ...memberEvents, ...apiKeyEvents };
  t.deepEqual(
    Object.keys(policies).filter((type) => !Object.hasOwn(followed, type)),
    [],
  );
  const { email, settings, member, apiKey } = streamOf;
  for (const stream of [email('x'), settings(), member('x'), apiKey('x')]) {
    t.true(policyPrefixes.some((prefix) => stream.startsWith(prefix)));
  }
});

test('a key whose maker died is claimed all the same, and one whose end was not told makes room', async (t) => {
  const parts = scene();
  const { run } = parts;
  const stream = streamOf.member(memberId);
  const hash = 'a'.repeat(64);
  const key = { hash, keyId: nameId('key'), walletId, name: 'laptop', prefix: 'sk-1' };
  const permits = { ...permitted, aliases: ['demo'], scenario: null };
  const registration = { memberId, walletId, emailHash, sealed: 'jwe' };
  await run.member.run(stream, () => ({ type: 'RegisterMember', ...registration }), context('r'));
  await run.member.run(
    stream,
    (at) => ({ type: 'IssueApiKey', ...key, permits, most: 1, at }),
    context('issue'),
  );
  const { url } = await readDatabase(t);
  feedOf(t, url, parts);
  await eventually(() => typesIn(parts.log, streamOf.apiKey(hash)).length === 2);
  const { state } = await run.apiKey.load(streamOf.apiKey(hash));
  t.deepEqual(state, { status: 'active', key: { ...key, memberId }, permits });
  const ended = await run.apiKey.run(
    streamOf.apiKey(hash),
    () => ({ type: 'RevokeApiKey', memberId }),
    context('revoke'),
  );
  await eventually(() => typesIn(parts.log, stream).includes('ApiKeyEnded'));
  for (const event of parts.log.events.map(decode)) await parts.runPoliciesFor(event);
  t.is(ended.events.length, 1);
  t.deepEqual(typesIn(parts.log, stream), ['MemberRegistered', 'ApiKeyIssued', 'ApiKeyEnded']);
  t.deepEqual(typesIn(parts.log, streamOf.apiKey(hash)), [
    'ApiKeyClaimed',
    'ApiKeyPermitted',
    'ApiKeyRevoked',
  ]);
});

test('the caller sees what its event leads to, and running it again changes nothing', async (t) => {
  const parts = scene();
  const events = await signUp(parts);
  const positions = [];
  for (const event of events) positions.push(await parts.runPoliciesFor(event));
  everything(t, parts.log);
  const last = parts.log.events.findLast(({ stream }) => !stream.startsWith(streamOf.once('')));
  t.is(positions.at(-1), last?.position);
  const written = parts.log.events.length;
  const again = [];
  for (const event of events) again.push(await parts.runPoliciesFor(event));
  t.is(parts.log.events.length, written);
  // Whoever waits for it is told to read to the log's end.
  t.deepEqual(
    again,
    positions.map(() => 'earlier'),
  );
});

test('what follows from an event names it as its cause', async (t) => {
  const parts = scene();
  const [claimed] = await signUp(parts);
  if (claimed) await parts.runPoliciesFor(claimed);
  const registered = parts.log.events.find(({ type }) => type === 'MemberRegistered');
  t.like(registered?.metadata, {
    $causationId: claimed?.id,
    $correlationId: 'request',
    source: 'policy:EmailClaimed',
  });
});

test('a refused command is not tried again, and the next event has its turn', async (t) => {
  const parts = scene();
  const [claimed] = await signUp(parts);
  if (claimed?.type !== 'EmailClaimed') return t.fail('no claim');
  const replaces = nameId('nobody');
  await parts.runPoliciesFor({ ...claimed, data: { ...claimed.data, replaces } });
  t.deepEqual(typesIn(parts.log, streamOf.member(memberId)), ['MemberRegistered']);
});

test('the feed runs every event’s policies, also those of before it started', async (t) => {
  const { url } = await readDatabase(t);
  const parts = scene();
  await signUp(parts);
  const feed = feedOf(t, url, parts);
  await eventually(() => allDone(parts.log));
  everything(t, parts.log);
  await eventually(() => feed.state().caughtUp);
});

test('a policy that failed runs again, from the last event that was through', async (t) => {
  const { url } = await readDatabase(t);
  const parts = scene();
  const events = await signUp(parts);
  const ran: string[] = [];
  let failures = 2;
  const run: RunPoliciesFor = async (event) => {
    ran.push(event.type);
    if (event.type === 'EmailOwned' && failures > 0) {
      failures -= 1;
      throw new Error('not now');
    }
    return await parts.runPoliciesFor(event);
  };
  const feed = runPolicies({ databaseUrl: url, eventLog: parts.log, run, log: silent });
  await eventually(() => allDone(parts.log));
  await eventually(() => feed.state().failing === null);
  await feed.close();
  everything(t, parts.log);
  t.is(ran.filter((type) => type === 'EmailOwned').length, 3);

  const again: string[] = [];
  const later = runPolicies({
    databaseUrl: url,
    eventLog: parts.log,
    run: (event) => {
      again.push(event.type);
      return Promise.resolve(null);
    },
    log: silent,
  });
  await eventually(() => later.state().caughtUp);
  await later.close();
  // Each prefix has its own place, and nothing before it comes again.
  t.deepEqual(again, []);
  t.is(events.length, 3);
});

test('who starts again reads on after all that was through, also where a stream had nothing', async (t) => {
  const { url } = await readDatabase(t);
  const parts = scene();
  await signUp(parts);
  const feed = feedOf(t, url, parts);
  const lastPosition = () =>
    parts.log.events.findLast(({ stream }) =>
      policyPrefixes.some((prefix) => stream.startsWith(prefix)),
    )?.position;
  await eventually(() => allDone(parts.log) && feed.state().position === lastPosition());
  await feed.close();
  const starts: (bigint | null)[] = [];
  const eventLog: MemoryLog = {
    ...parts.log,
    subscribe(start) {
      starts.push(start.after);
      return parts.log.subscribe(start);
    },
  };
  const again = feedOf(t, url, { ...parts, log: eventLog });
  await eventually(() => again.state().caughtUp);
  t.deepEqual(starts, [lastPosition()]);
});

test('policies wait at an event of a newer release', async (t) => {
  const { url } = await readDatabase(t);
  const parts = scene();
  const [claimed] = await signUp(parts);
  const first = parts.log.events[0];
  if (!first || !claimed) return t.fail('nobody signed up');
  t.deepEqual(decode(first).id, claimed.id);
  await parts.log.append('email-x', 'no_stream', [
    { id: nameId('future'), type: 'EmailForwarded', data: {}, metadata: { v: 1 } },
  ]);
  const feed = feedOf(t, url, parts);
  await eventually(() => feed.state().waitsAt !== null);
  t.is(feed.state().waitsAt, 3n);
});

test('an outage of Postgres only delays policies', async (t) => {
  const { url } = await readDatabase(t);
  const parts = scene();
  const feed = feedOf(t, url, parts);
  await eventually(() => feed.state().caughtUp);
  const { end } = await outage(url);
  await signUp(parts);
  await eventually(() => feed.state().failing !== null);
  await end();
  await eventually(() => feed.state().failing === null && allDone(parts.log));
  everything(t, parts.log);
});
