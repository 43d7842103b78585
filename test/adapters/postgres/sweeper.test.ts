import { randomUUID } from 'node:crypto';
import test from 'ava';
import { pino } from 'pino';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import type { Evidence } from '../../../src/adapters/llm/journal.ts';
import { resolveAbandoned } from '../../../src/adapters/postgres/abandoned.ts';
import { goneCalls } from '../../../src/adapters/postgres/gone-calls.ts';
import { callJournal } from '../../../src/adapters/postgres/journal.ts';
import { sweeper } from '../../../src/adapters/postgres/sweeper.ts';
import type { CommandContext } from '../../../src/domain/envelope.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { Decimal, zero } from '../../../src/domain/money.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { toBook } from '../../../src/domain/wallet/book.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { balances } from '../../../src/domain/wallet/wallet.ts';
import { statement } from '../../../src/projections/query.ts';
import { listAccounts, listImbalances } from '../../../src/projections/trial-balance.ts';
import { lateOf } from '../../support/late-calls.ts';
import { memoryJournal } from '../../support/memory-journal.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { feedFrom, reached, readDatabase } from '../../support/read-side.ts';
import { ending, grantOf, reserveOf, settleOf, walletId } from '../../support/wallets.ts';

const silent = pino({ level: 'silent' });
const noon = new Date('2026-01-01T12:00:00.000Z');
const stream = streamOf.wallet(walletId);
/** A wallet with two calls open, one of a process that is gone and one of a process that lives. */
async function scene(t: Parameters<typeof readDatabase>[0]) {
  const { url, pool } = await readDatabase(t);
  const log = memoryLog();
  let at = noon;
  const { wallet } = runners({ log, clock: () => at });
  const feed = feedFrom(t, url, log);
  const [gone, living] = [randomUUID(), randomUUID()];
  const lease = (processId: string, seconds: number) =>
    pool.query(statement`
      INSERT INTO feed.leases (process_id, expires_at)
      VALUES (${processId}, clock_timestamp() + make_interval(secs => ${seconds}))
      ON CONFLICT (process_id) DO UPDATE SET expires_at = EXCLUDED.expires_at`);
  await lease(gone, -1);
  await lease(living, 60);
  const run = async (id: string, command: WalletCommand) => {
    const { position } = await wallet.run(stream, () => command, contextOf(id));
    if (position !== null) await reached(feed, position);
  };
  await run('grant', grantOf('1'));
  await run('a', reserveOf('a', { processId: gone }));
  await run('b', reserveOf('b', { processId: living }));
  const lines: string[] = [];
  const telling = pino({ level: 'warn' }, { write: (line) => void lines.push(line) });
  const journal = callJournal({ pool, log: telling });
  t.teardown(journal.close);
  const own = { held: true, steady: 10_000 };
  const sweepWith = (by: Pick<typeof wallet, 'run'>) =>
    sweeper({
      gone: goneCalls(pool),
      lease: { held: () => own.held, steadyForMs: () => own.steady },
      testimony: journal,
      overrun: 'owed',
      wallet: by,
      clock: () => at,
      log: telling,
    });
  const { sweep } = sweepWith(wallet);
  const openOnes = async () => [...(await wallet.load(stream)).state.holds.values()];
  const owed = async () => (await wallet.load(stream)).state.owed.toFixed();
  const pass = (ms: number) => {
    at = new Date(at.getTime() + ms);
  };
  return {
    url,
    pool,
    log,
    journal,
    wallet,
    feed,
    gone,
    living,
    lease,
    run,
    own,
    lines,
    sweep,
    sweepWith,
    openOnes,
    owed,
    pass,
  };
}

const contextOf = (commandId: string): CommandContext => ({
  commandId,
  correlationId: commandId,
  actor: { type: 'system', id: 'test' },
  at: noon.toISOString(),
  source: 'test',
});

test('a hold is resolved when its process is gone, and only then', async (t) => {
  const { sweep, openOnes, living, log, wallet, pass } = await scene(t);
  pass(15_000);
  t.is(await sweep(), 1);
  t.deepEqual(
    (await openOnes()).map(({ processId }) => processId),
    [living],
  );
  const { state } = await wallet.load(stream);
  t.deepEqual(
    balances(state, noon.toISOString()).map(({ posted, held }) => [`${posted}`, `${held}`]),
    [['1', '0.0004']],
  );
  const last = log.events.at(-1);
  t.is(last?.type, 'ReservationExpired');
  t.like(last?.data, { outcome: 'abandoned', basis: 'no_evidence', latencyMs: 15_000 });
  t.like(last?.metadata, { $correlationId: 'req_a', source: 'sweeper' });
});

test('what a call may cost whose process went before any note waits in suspense, until the call is heard of', async (t) => {
  const { sweep, pool, gone, run, feed, log } = await scene(t);
  const perOutput = new Decimal('0.0000006');
  const mayCost = { upstream: 'openai', asset: 'USD', fixed: new Decimal('0.00002'), perOutput };
  await run('c', reserveOf('c', { processId: gone, mayCost }));
  t.is(await sweep(), 2);
  const inUsd = async () => {
    await reached(feed, BigInt(log.events.length - 1));
    t.deepEqual(await pool.any(listImbalances()), []);
    const rows = await pool.any(listAccounts());
    return rows.flatMap(({ account, asset, balance }) =>
      asset === 'USD' ? [`${account} ${balance}`] : [],
    );
  };
  t.deepEqual(await inUsd(), ['payable:llm:openai -0.00008', 'suspense 0.00008']);
  const costs = [{ upstream: 'openai', asset: 'USD', amount: '0.00003' }];
  await run('late', { ...lateOf(30, { costs }), callId: nameId('c') });
  t.deepEqual(await inUsd(), [
    'cogs:llm:openai 0.00003',
    'payable:llm:openai -0.00003',
    'suspense 0',
  ]);
});

test('a note of a call says what it may cost, and its hold does not', async (t) => {
  const { sweep, journal, gone, run, log } = await scene(t);
  const asked = { upstream: 'openai', asset: 'USD', fixed: new Decimal(1), perOutput: zero };
  await run('c', reserveOf('c', { processId: gone, mayCost: asked }));
  const { call } = reserveOf('c');
  await journal.note({
    ...{ callId: call.callId, walletId, processId: gone, requestId: call.requestId },
    ...{ beganAt: noon.toISOString(), asked: [{ upstream: 'openai', model: 'gpt-4o' }] },
    ...{ counted: null, ending },
  });
  t.is(await sweep(), 2);
  const ends = log.events.filter(({ type }) => type === 'ReservationExpired');
  t.is(ends.length, 2);
  for (const { data } of ends) t.like(data, { possibleCosts: [] });
});

test('sweeping again finds nothing, also from a table that lags', async (t) => {
  const { sweep, feed, log } = await scene(t);
  await feed.close();
  t.is(await sweep(), 1);
  const written = log.events.length;
  t.is(await sweep(), 0);
  t.is(log.events.length, written);
});

test('a hold whose call ended meanwhile is left alone', async (t) => {
  const { sweep, feed, wallet, log } = await scene(t);
  await feed.close();
  await wallet.run(stream, () => settleOf('a', { output: 3 }), contextOf('settle'));
  const written = log.events.length;
  t.is(await sweep(), 0);
  t.is(log.events.length, written);
});

test('nothing is resolved until our own lease is steady for a whole term', async (t) => {
  const { sweep, own, openOnes } = await scene(t);
  own.steady = 9_999;
  t.is(await sweep(), 0);
  own.steady = 10_000;
  own.held = false;
  t.is(await sweep(), 0);
  t.is((await openOnes()).length, 2);
  own.held = true;
  t.is(await sweep(), 1);
});

test('a process that got its lease again keeps its calls', async (t) => {
  const { sweep, lease, gone } = await scene(t);
  await lease(gone, 10);
  t.is(await sweep(), 0);
});

test('a process whose lease was removed is gone', async (t) => {
  const { sweep, pool, openOnes } = await scene(t);
  await pool.query(statement`DELETE FROM feed.leases`);
  t.is(await sweep(), 2);
  t.is((await openOnes()).length, 0);
});

const usage = { input: 100, cachedInput: 0, output: 30, reasoning: 0 };

/** A call of the process that is gone. */
const noteOf = (processId: string, counted: Evidence) => ({
  ...{ callId: nameId('a'), walletId, processId, requestId: 'req_a' },
  beganAt: noon.toISOString(),
  asked: [{ upstream: 'mock', model: 'gpt-4o' }],
  counted,
  ending: { ...ending, upstream: 'mock' },
});

test('what an abandoned call used beyond its hold is owed when the setting says so', async (t) => {
  const { sweep, journal, log, gone, openOnes, owed } = await scene(t);
  const much = { ...usage, output: 500 };
  await journal.note(noteOf(gone, { basis: 'usage', usage: much, characters: null }));
  t.is(await sweep(), 1);
  const overage = log.events.find(({ type }) => type === 'OverageAccrued');
  t.like(overage?.data, { amount: '0.0012', treatment: 'owed' });
  t.is(await owed(), '0.0012');
  t.is((await openOnes()).length, 1);
});

for (const basis of ['usage', 'checkpoint'] as const) {
  test(`an abandoned hold is charged what the journal has of it (${basis})`, async (t) => {
    const { sweep, journal, log, gone, pass, feed } = await scene(t);
    await feed.close();
    await journal.note(noteOf(gone, { basis, usage, characters: null }));
    pass(15_000);
    t.is(await sweep(), 1);
    const last = log.events.at(-1);
    t.is(last?.type, 'UsageSettled');
    t.like(last?.data, { basis, swept: true, charge: '0.00019', upstream: 'mock', usage });
    t.is(await sweep(), 0, 'the table still has the hold, and nothing is left to do');
  });
}

test('a row of the journal that another release wrote is left, and stops no other', async (t) => {
  const { sweep, journal, pool, gone, openOnes, run, log } = await scene(t);
  await run('c', reserveOf('c', { processId: gone }));
  await journal.note(noteOf(gone, { basis: 'usage', usage, characters: null }));
  await pool.query(statement`
    UPDATE journal.calls SET ending = jsonb_set(ending, '{outcome}', '"moderated"')`);
  t.is(await sweep(), 1);
  t.like(log.events.at(-1)?.data, { call: { callId: nameId('c') } });
  t.is(await sweep(), 0);
  t.true((await openOnes()).some(({ call }) => call.callId === nameId('a')));
  await pool.query(statement`
    UPDATE journal.calls SET ending = jsonb_set(ending, '{outcome}', '"completed"')`);
  t.is(await sweep(), 1, 'once it can be read');
  t.like(log.events.at(-1)?.data, { call: { callId: nameId('a') }, charge: '0.00019' });
});

test('holds that can’t be resolved keep none from it, however many and old they are', async (t) => {
  const { sweep, pool, gone, lines } = await scene(t);
  await pool.query(statement`
    WITH old AS (
      SELECT gen_random_uuid() AS id, ${noon.toISOString()}::timestamptz - interval '1 hour' AS at
      FROM generate_series(1, 500)
    ), held AS (
      INSERT INTO read.open_holds (call_id, wallet_id, process_id, request_id, at, open)
      SELECT id, ${walletId}::uuid, ${gone}::uuid, 'req', at, true FROM old
    )
    INSERT INTO journal.calls (call_id, wallet_id, process_id, request_id, began_at, ending)
    SELECT id, ${walletId}::uuid, ${gone}::uuid, 'req', at, '{"outcome": "moderated"}' FROM old`);
  t.is(await sweep(), 0);
  t.is(await sweep(), 1);
  t.is(await sweep(), 0);
  t.is(lines.length, 500, 'each is told once');
});

test('a wallet that can’t be folded is told once', async (t) => {
  const { pool, gone, lines, sweepWith } = await scene(t);
  await pool.query(statement`DELETE FROM read.open_holds WHERE process_id <> ${gone}`);
  const { sweep } = sweepWith({ run: () => Promise.reject(new Error('from a newer version')) });
  for (const _ of [1, 2, 3]) t.is(await sweep(), 0);
  t.is(lines.length, 1);
});

test('a hold that only the journal knows of is resolved too', async (t) => {
  const { sweep, journal, pool, gone, openOnes } = await scene(t);
  const { call } = reserveOf('a');
  await journal.note({
    ...{ callId: call.callId, walletId, processId: gone, requestId: call.requestId },
    ...{ beganAt: noon.toISOString(), asked: [], counted: null, ending },
  });
  await pool.query(statement`DELETE FROM read.open_holds`);
  t.is(await sweep(), 1);
  t.is((await openOnes()).length, 1);
});

test('two processes that end the same call at once both know what the log has of it', async (t) => {
  const log = memoryLog();
  const processes = [0, 60_000].map((laterMs) => {
    const clock = () => new Date(noon.getTime() + laterMs);
    return { wallet: runners({ log, clock }).wallet, clock };
  });
  const [first] = processes;
  await first?.wallet.run(stream, () => grantOf('1'), contextOf('grant'));
  await first?.wallet.run(stream, () => reserveOf('a'), contextOf('a'));
  const call = {
    callId: nameId('a'),
    walletId,
    processId: nameId('process'),
    requestId: 'req_a',
    beganAt: noon.toISOString(),
  };
  await Promise.all(
    processes.map(async ({ wallet, clock }) => {
      await wallet.load(stream);
      const overrun = 'absorbed' as const;
      const parts = { wallet, clock, testimony: memoryJournal(), overrun, log: silent };
      await resolveAbandoned(parts, [call]);
    }),
  );
  const books = processes.map(async ({ wallet }) => toBook((await wallet.load(stream)).state));
  const [one, other] = await Promise.all(books);
  t.deepEqual(one, other);
  t.is(log.events.filter(({ type }) => type === 'ReservationExpired').length, 1);
});
