import test from 'ava';
import type { ExecuteContext } from '../../../src/adapters/eventstore/execute.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import { singleWriter } from '../../../src/adapters/eventstore/single-writer.ts';
import type { EventType } from '../../../src/domain/events.ts';
import { EventFromNewerVersion } from '../../../src/domain/events.ts';
import { eventIdOf } from '../../../src/domain/ids.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { statement } from '../../../src/domain/wallet/statement.ts';
import { bookedPurse } from '../../support/booked-purse.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';
import { audited, decodeWallet } from '../../support/wallet-log.ts';
import { grantOf, walletId } from '../../support/wallets.ts';

const stream = 'wallet-1@0';
const refusedType: EventType = 'CommandRefused';
const first: Partial<ExecuteContext> = { claimedAfter: { stream, revision: null } };
const again: Partial<ExecuteContext> = { ...first, again: true };

/** A process; its purse's streams end after so many events. */
function processOn(log: MemoryLog, mostEvents = 1_000) {
  const clock = () => new Date('2025-01-01T00:00:00.000Z');
  const { run, load } = singleWriter(bookedPurse, { log, clock, mostEvents });
  return {
    left: async () => (await load(stream)).state.left,
    move: (id: string, amount: number, more: Partial<ExecuteContext> = {}) =>
      run(stream, () => ({ amount }), { ...contextOf(id), ...more }),
  };
}

const of = (log: MemoryLog, commandId: string) =>
  log.events.filter(({ id }) => id === eventIdOf(commandId, 0)).map(({ type }) => type);
const refusal = { instanceOf: Rejection, code: 'insufficient_quota' };
const gate = () => Promise.withResolvers<void>();

/** Holds the next append back, which is under way when this resolves. */
function holdNext(log: MemoryLog) {
  const [asked, held] = [gate(), gate()];
  log.next.before = () => {
    asked.resolve();
    return held.promise;
  };
  return { isUnderWay: asked.promise, release: held.resolve };
}

test('a command that is refused when it is run again stands refused in its stream', async (t) => {
  const log = memoryLog();
  const { move, left } = processOn(log);
  await move('start', 3);
  await t.throwsAsync(move('c', -5, again), refusal);
  t.like(log.events.at(-1), {
    id: eventIdOf('c', 0),
    revision: 1n,
    type: refusedType,
    data: {
      code: 'insufficient_quota',
      message: 'There is not so much.',
      retryAfterSeconds: null,
    },
  });
  t.is(await left(), 3);
});

test('what is refused at its first run, or is not claimed, leaves nothing', async (t) => {
  const log = memoryLog();
  const { move } = processOn(log);
  await t.throwsAsync(move('a', -5, first), refusal);
  await t.throwsAsync(move('b', -5, { again: true }), refusal);
  t.is(log.events.length, 0);
});

test('whoever runs a refused command later is refused the same, whatever has come since', async (t) => {
  const log = memoryLog();
  const { move } = processOn(log);
  const told = await t.throwsAsync(move('c', -5, again), refusal);
  await move('rich', 100);
  for (const { move: late } of [processOn(log), { move }]) {
    for (const run of [first, again]) {
      const same = await t.throwsAsync(late('c', -5, run), refusal);
      t.is(same?.message, told?.message);
    }
  }
  t.is(log.events.length, 2);
});

test('an append that arrives after the refusal changes nothing, and its caller is refused', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  await slow.move('start', 5);
  const { isUnderWay, release } = holdNext(log);
  const written = slow.move('c', -5, first);
  await isUnderWay;
  // The same command, which comes to something else by its time or by what its process knows.
  await t.throwsAsync(quick.move('c', -9, again), refusal);
  release();
  await t.throwsAsync(written, refusal);
  t.deepEqual(of(log, 'c'), [refusedType]);
  t.is(await slow.left(), 5);
});

test('an append that arrives before the refusal is the outcome of both', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  await slow.move('start', 5);
  const { isUnderWay, release } = holdNext(log);
  const refused = quick.move('c', -9, again);
  await isUnderWay;
  const { events } = await slow.move('c', -5, first);
  release();
  const found = await refused;
  t.deepEqual(
    found.events.map(({ id }) => id),
    events.map(({ id }) => id),
  );
  t.is(found.state.left, 0);
  t.deepEqual(of(log, 'c'), ['CreditExpired']);
});

test('who lost the race to a refusal does not decide again where it would be accepted', async (t) => {
  const log = memoryLog();
  const [slow, quick] = [processOn(log), processOn(log)];
  await slow.move('start', 5);
  log.next.before = async () => {
    await quick.move('other', -3);
    await t.throwsAsync(quick.move('c', -5, again), refusal);
    await quick.move('rich', 100);
  };
  await t.throwsAsync(slow.move('c', -5, first), refusal);
  t.is(await slow.left(), 102);
});

test('a command that changes nothing when it is run again says so in its stream', async (t) => {
  const log = memoryLog();
  const { move, left } = processOn(log);
  const { events, position } = await move('c', 0, again);
  t.deepEqual([events.length, position], [0, log.events[0]?.position]);
  t.like(log.events, [{ id: eventIdOf('c', 0), type: refusedType, data: { code: 'unchanged' } }]);
  for (const run of [first, again]) {
    t.deepEqual((await move('c', 5, run)).events, []);
    t.deepEqual((await processOn(log).move('c', 5, run)).events, []);
  }
  t.is(await left(), 0);
  for (const run of [first, {}]) t.deepEqual((await move('d', 0, run)).events, []);
  t.is(log.events.length, 1);
});

test('what changed nothing does not change it when an append of before arrives', async (t) => {
  const log = memoryLog();
  const clock = () => new Date('2026-01-01T12:00:00.000Z');
  const target = streamOf.wallet(walletId);
  const [slow, quick, other] = [1, 2, 3].map(() => {
    const { wallet } = runners({ log, clock });
    return (id: string, command: WalletCommand, more: Partial<ExecuteContext> = {}) =>
      wallet.run(target, () => command, { ...contextOf(id), ...more });
  });
  if (!(slow && quick && other)) throw new Error('There are three.');
  const claimed = { claimedAfter: { stream: target, revision: 0n } };
  const at = clock().toISOString();
  const ordered = (type: 'FreezeWallet' | 'UnfreezeWallet') =>
    ({ type, reason: 'test', at }) as const;
  await slow('opens', grantOf('1'));
  const { isUnderWay, release } = holdNext(log);
  const late = slow('c', ordered('FreezeWallet'), claimed);
  await isUnderWay;
  await other('frozen', ordered('FreezeWallet'));
  t.is((await quick('c', ordered('FreezeWallet'), { ...claimed, again: true })).events.length, 0);
  await other('unfrozen', ordered('UnfreezeWallet'));
  release();
  t.is((await late).events.length, 0);
  const { state } = await runners({ log, clock }).wallet.load(target);
  t.false(state.frozen);
  t.deepEqual(audited(log.events), []);
});

test('a refusal that loses a race is decided again', async (t) => {
  const log = memoryLog();
  const [ours, theirs] = [processOn(log), processOn(log)];
  await ours.move('start', 3);
  log.next.before = () => theirs.move('rich', 100);
  t.is((await ours.move('c', -5, again)).state.left, 98);
  t.deepEqual(of(log, 'c'), ['CreditExpired']);
});

test('a written refusal and other commands share an append', async (t) => {
  const log = memoryLog();
  const { move } = processOn(log);
  await move('start', 3);
  const [a, c, b] = await Promise.allSettled([
    move('a', -1),
    move('c', -5, again),
    move('b', -2, again),
  ]);
  t.deepEqual([a.status, c.status, b.status], ['fulfilled', 'rejected', 'fulfilled']);
  t.is(b.status === 'fulfilled' && b.value.state.left, 0);
  t.is(log.asked.length, 2);
});

test('a refusal at the end of a full stream stands in the next, and is found there', async (t) => {
  const log = memoryLog();
  const { move } = processOn(log, 2);
  await move('a', 1);
  await move('b', 1);
  await t.throwsAsync(move('c', -5, again), refusal);
  await move('rich', 100);
  await move('rolls', 1);
  t.deepEqual(of(log, 'c'), [refusedType]);
  t.like(
    log.events.find(({ type }) => type === refusedType),
    { stream: 'wallet-1@1', revision: 1n },
  );
  await t.throwsAsync(processOn(log, 2).move('c', -5, first), refusal);
});

test('a refusal whose code only a newer release knows stops its command and no other', async (t) => {
  const log = memoryLog();
  const { move } = processOn(log);
  const { events } = await move('before', 1);
  const data = { code: 'from_tomorrow', message: '', retryAfterSeconds: null };
  const metadata = { ...events[0]?.meta, commandId: 'c' };
  await log.append(stream, 0n, [{ id: eventIdOf('c', 0), type: refusedType, data, metadata }]);
  await t.throwsAsync(move('c', -5, first), { instanceOf: EventFromNewerVersion });
  t.is((await move('d', 1)).state.left, 2);
});

test('a wallet that refused before it was there is opened by a later grant as any other', async (t) => {
  const log = memoryLog();
  const clock = () => new Date('2026-01-01T12:00:00.000Z');
  const target = streamOf.wallet(walletId);
  const run = { claimedAfter: { stream: target, revision: null }, again: true };
  const grant = (id: string, amount: string, mostEvents = 3) =>
    runners({ log, clock, mostEvents }).wallet.run(
      target,
      (at) => grantOf(amount, { at, lotId: eventIdOf(id, 7) }),
      { ...contextOf(id), ...run },
    );
  for (const id of ['a', 'b', 'c', 'd']) {
    await t.throwsAsync(grant(id, '-1'), { instanceOf: Rejection });
  }
  const { state } = await runners({ log, clock }).wallet.load(target);
  t.is(state.opened, null);
  const { events } = await grant('e', '10');
  t.deepEqual(
    events.map(({ type, revision }) => `${revision} ${type}`),
    ['4 WalletPeriodOpened', '5 CreditGranted'],
  );
  await t.throwsAsync(grant('f', '-1'), { instanceOf: Rejection });
  const last = await grant('g', '5', 2);
  t.is(last.state.lots.size, 2);
  t.deepEqual(audited(log.events), []);
  const { lines, closing, journal } = statement(log.events.map(decodeWallet));
  t.deepEqual(
    lines.map(({ amount }) => `${amount}`),
    ['10', '5'],
  );
  t.deepEqual([closing.get('CNY')?.toFixed(), journal.get('CNY')?.toFixed()], ['15', '15']);
});
