import test from 'ava';
import { OutcomeUnknown } from '../../../src/adapters/eventstore/execute.ts';
import type { Claim, RunClaimed } from '../../../src/adapters/eventstore/once.ts';
import { once } from '../../../src/adapters/eventstore/once.ts';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import type { EventType } from '../../../src/domain/events.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf, purse } from '../../support/purse.ts';

const target = 'wallet-1@0';
const clock = () => new Date('2025-01-01T00:00:00.000Z');
const claim: Claim = {
  scope: 'grants/admin',
  key: 'k',
  bodyHash: 'hash',
  place: () => Promise.reject(new Error('nobody said where')),
  context: contextOf('ignored'),
};

/** A process: its writer, and its way to run a claimed command. */
function processOn(log: MemoryLog) {
  const { run: move, load } = singleWriter(purse, { log, clock });
  const replyOf = ({ code }: Rejection) => ({ status: 409, body: { code } });
  const claimed = once({ log, clock, replyOf, patienceMs: 30 });
  return {
    load: () => load(target),
    move: (id: string, amount: number) => move(target, () => ({ amount }), contextOf(id)),
    once: (asked: Claim, run: RunClaimed) => claimed({ ...asked, place: () => load(target) }, run),
    give:
      (amount: number): RunClaimed =>
      async (claimed) => {
        const context = { ...contextOf('ignored'), ...claimed };
        const { events, state } = await move(target, () => ({ amount }), context);
        return { status: 201, body: { id: events[0]?.id ?? null, state } };
      },
  };
}

const moves = (log: MemoryLog) => log.events.filter(({ stream }) => stream === target);
const unavailable = () => Promise.reject(new OutcomeUnknown(target));

test('the same key and body get the same reply and run nothing again', async (t) => {
  const log = memoryLog();
  const { once: run, give } = processOn(log);
  const first = await run(claim, give(5));
  const second = await processOn(log).once(claim, () => Promise.reject(new Error('ran again')));
  t.deepEqual({ ...first, replayed: true }, second);
  t.false(first.replayed);
  t.is(moves(log).length, 1);
});

test('a claim says where its command writes and from when, its end the reply', async (t) => {
  const log = memoryLog();
  const { once: run, give, move } = processOn(log);
  await move('before', 1);
  await run(claim, give(5));
  const about = log.events.filter(({ stream }) => stream.startsWith('once-'));
  const types: readonly EventType[] = ['CommandClaimed', 'CommandDone'];
  t.deepEqual(
    about.map(({ type }) => type),
    types,
  );
  t.deepEqual(about[0]?.data, { bodyHash: 'hash', stream: target, revision: '0' });
  t.like(about[1]?.data, { reply: { status: 201 } });
});

test('the same key with another body conflicts, also while the first one runs', async (t) => {
  const log = memoryLog();
  const { once: run, give } = processOn(log);
  const running = Promise.withResolvers<void>();
  const conflict = Promise.withResolvers<void>();
  const first = run(claim, async (claimed) => {
    running.resolve();
    await conflict.promise;
    return await give(5)(claimed);
  });
  await running.promise;
  const other = { ...claim, bodyHash: 'other' };
  const during = await t.throwsAsync(run(other, give(6)), { instanceOf: Rejection });
  conflict.resolve();
  await first;
  const after = await t.throwsAsync(run(other, give(6)), { instanceOf: Rejection });
  t.deepEqual([during?.code, after?.code], ['idempotency_conflict', 'idempotency_conflict']);
  t.is(moves(log).length, 1);
});

test('keys of different scopes know nothing of each other', async (t) => {
  const log = memoryLog();
  const { once: run, give } = processOn(log);
  await run(claim, give(5));
  await run({ ...claim, scope: 'grants/other', bodyHash: 'other' }, give(6));
  t.is(moves(log).length, 2);
});

test('a run that died after its append is finished by a retry, which writes nothing', async (t) => {
  const log = memoryLog();
  const first = processOn(log);
  await first.move('before', 1);
  const died = first.once(claim, async (claimed) => {
    await first.give(5)(claimed);
    throw new OutcomeUnknown(target);
  });
  await t.throwsAsync(died, { instanceOf: OutcomeUnknown });
  await first.move('between', 1);
  const second = processOn(log);
  const { status, body, replayed } = await second.once(claim, second.give(5));
  t.deepEqual({ status, replayed }, { status: 201, replayed: false });
  t.deepEqual(body, { id: moves(log)[1]?.id ?? null, state: 7 });
  t.is(moves(log).length, 3);
});

test('a run that died before its append is done by a retry', async (t) => {
  const log = memoryLog();
  const { once: run, give } = processOn(log);
  await t.throwsAsync(run(claim, unavailable), { instanceOf: OutcomeUnknown });
  t.is((await run(claim, give(5))).status, 201);
  t.is(moves(log).length, 1);
});

test('a refusal is stored as the reply, a fault is not', async (t) => {
  const log = memoryLog();
  const { once: run, give, move } = processOn(log);
  await t.throwsAsync(run(claim, unavailable), { instanceOf: OutcomeUnknown });
  const refused = await run(claim, give(-5));
  t.deepEqual(refused, { status: 409, body: { code: 'insufficient_quota' }, replayed: false });
  const types: readonly EventType[] = ['CommandRefused'];
  t.deepEqual(
    moves(log).map(({ type }) => type),
    types,
  );
  await move('rich', 100);
  t.deepEqual(await run(claim, give(-5)), { ...refused, replayed: true });
});

test('what keeps a command from being claimed leaves no trace, and is not asked once it is', async (t) => {
  const log = memoryLog();
  const { once: run, give } = processOn(log);
  const mayClaim = () => Promise.reject(new Rejection('wallet_full', 'Not now.'));
  await t.throwsAsync(run({ ...claim, mayClaim }, give(5)), { code: 'wallet_full' });
  t.is(log.events.length, 0);
  await t.throwsAsync(run(claim, unavailable), { instanceOf: OutcomeUnknown });
  const first = await run({ ...claim, mayClaim }, give(5));
  t.deepEqual(await run({ ...claim, mayClaim }, give(5)), { ...first, replayed: true });
});

test('only a command that is run again leaves its refusal where it would have written', async (t) => {
  const log = memoryLog();
  const { once: run, give } = processOn(log);
  const runs: boolean[] = [];
  const refused = await run(claim, (claimed) => {
    runs.push(claimed.again);
    return give(-5)(claimed);
  });
  t.is(refused.status, 409);
  t.deepEqual(runs, [false]);
  t.is(moves(log).length, 0);
});

test('what was refused does not happen when the one who was taken for dead wakes up', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = slow.once(claim, async (claimed) => {
    asleep.resolve();
    await awake.promise;
    return await slow.give(-5)(claimed);
  });
  await asleep.promise;
  const refused = await quick.once(claim, quick.give(-5));
  await quick.move('rich', 100);
  awake.resolve();
  t.deepEqual(await first, { ...refused, replayed: true });
  t.deepEqual(
    moves(log).map(({ type }) => type),
    ['CommandRefused', 'CreditExpired'],
  );
});

test('what was refused does not happen when an append of before arrives', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  await slow.move('start', 5);
  const [sent, arrives] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = slow.once(claim, (claimed) => {
    log.next.before = () => {
      sent.resolve();
      return arrives.promise;
    };
    return slow.give(-5)(claimed);
  });
  await sent.promise;
  // The same order, which has become too much meanwhile.
  const refused = await quick.once(claim, quick.give(-9));
  arrives.resolve();
  t.deepEqual(await first, { ...refused, replayed: true });
  t.is((await quick.load()).state, 5);
});

test('what has happened is not refused, however it looks to who runs it again', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  await slow.move('start', 5);
  const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const written = Promise.withResolvers<void>();
  const first = slow.once(claim, async (claimed) => {
    asleep.resolve();
    await awake.promise;
    const reply = await slow.give(-5)(claimed);
    written.resolve();
    return reply;
  });
  await asleep.promise;
  const second = await quick.once(claim, (claimed) => {
    log.next.before = () => {
      awake.resolve();
      return written.promise;
    };
    return quick.give(-9)(claimed);
  });
  t.is(second.status, 201);
  t.deepEqual((await first).body, second.body);
  t.is((await quick.load()).state, 0);
});

test('many retries at once, in several processes, write once and reply the same', async (t) => {
  const log = memoryLog();
  const processes = [1, 2, 3].map(() => processOn(log));
  const runs = [...processes, ...processes].map(({ once: run, give }) => run(claim, give(5)));
  const replies = await Promise.all(runs);
  t.is(moves(log).length, 1);
  t.true(replies.every(({ body }) => JSON.stringify(body) === JSON.stringify(replies[0]?.body)));
});

test('who was taken for dead and wakes up says what the other one found', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const first = slow.once(claim, async () => {
    asleep.resolve();
    await awake.promise;
    throw new Rejection('insufficient_quota', 'As it was when it fell asleep.');
  });
  await asleep.promise;
  const second = await quick.once(claim, quick.give(5));
  awake.resolve();
  t.deepEqual(await first, { ...second, replayed: true });
});
