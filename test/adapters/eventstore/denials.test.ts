import { randomUUID } from 'node:crypto';
import test from 'ava';
import { pino } from 'pino';
import { denials } from '../../../src/adapters/eventstore/denials.ts';
import { LogUnavailable } from '../../../src/adapters/eventstore/log.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';
import { grantOf, walletId } from '../../support/wallets.ts';

const log = pino({ level: 'silent' });

async function scene() {
  const eventLog = memoryLog();
  let now = new Date('2026-01-01T12:00:30.000Z');
  const clock = () => now;
  const { wallet } = runners({ log: eventLog, clock });
  const open = (id: string) =>
    wallet.run(
      streamOf.wallet(id),
      () => ({ ...grantOf('1'), walletId: id }),
      contextOf(`grant/${id}`),
    );
  await open(walletId);
  const counted = () =>
    eventLog.events.filter(({ type }) => type === 'DenialsCounted').map(({ data }) => data);
  const pass = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
  };
  const parts = { wallet, processId: randomUUID(), clock, log };
  return { eventLog, counted, pass, open, ...denials(parts) };
}

test('refused calls become one event a wallet and minute', async (t) => {
  const { refused, flush, close, counted, pass } = await scene();
  for (let n = 0; n < 1_000; n += 1) refused(walletId, 'insufficient_quota');
  refused(walletId, 'credit_on_hold');
  await flush();
  t.deepEqual(counted(), [], 'the minute is not over');
  pass(31);
  refused(walletId, 'insufficient_quota');
  await flush();
  const first = {
    walletId,
    minute: '2026-01-01T12:00:00.000Z',
    denials: [
      { code: 'insufficient_quota', count: 1_000 },
      { code: 'credit_on_hold', count: 1 },
    ],
  };
  t.deepEqual(counted(), [first]);
  await close();
  const second = {
    walletId,
    minute: '2026-01-01T12:01:00.000Z',
    denials: [{ code: 'insufficient_quota', count: 1 }],
  };
  t.deepEqual(counted(), [first, second]);
});

test('what could not be written is not lost, and what may be is not written twice', async (t) => {
  const { eventLog, refused, flush, close, counted, pass } = await scene();
  refused(walletId, 'insufficient_quota');
  pass(60);
  eventLog.next.after = () => {
    throw new LogUnavailable('The answer was lost.');
  };
  await flush();
  await flush();
  t.is(counted().length, 1);
  await close();
  t.is(counted().length, 1);
});

test('what is being written when the process ends is written once', async (t) => {
  const { refused, flush, close, counted, pass, open } = await scene();
  const wallets = Array.from({ length: 40 }, () => randomUUID());
  for (const id of wallets) {
    await open(id);
    refused(id, 'insufficient_quota');
  }
  pass(60);
  await Promise.all([flush(), flush(), close()]);
  t.is(counted().length, wallets.length);
});

test('a wallet that was never opened has nothing to count', async (t) => {
  const { refused, close, counted } = await scene();
  refused(randomUUID(), 'insufficient_quota');
  await close();
  t.deepEqual(counted(), []);
});
