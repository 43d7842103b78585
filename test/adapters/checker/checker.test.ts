import { randomUUID } from 'node:crypto';
import test from 'ava';
import { pino } from 'pino';
import { checker } from '../../../src/adapters/checker/checker.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import { orphanKeyRemoval } from '../../../src/adapters/vault/orphan-keys.ts';
import type { CommandContext } from '../../../src/domain/envelope.ts';
import { nameId } from '../../../src/domain/ids.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { statement } from '../../../src/projections/query.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { feedFrom, reached, readDatabase } from '../../support/read-side.ts';
import { grantOf, reserveOf, settleOf, walletId } from '../../support/wallets.ts';

const noon = new Date('2026-01-01T12:00:00.000Z');
const clock = () => noon;
const stream = streamOf.wallet(walletId);

const contextOf = (commandId: string): CommandContext => ({
  commandId,
  correlationId: commandId,
  actor: { type: 'system', id: 'test' },
  at: noon.toISOString(),
  source: 'test',
});

/** A wallet in the log and in the read models, and what a checker logs about it. */
async function scene(t: Parameters<typeof readDatabase>[0]) {
  const { url, pool } = await readDatabase(t);
  const eventLog = memoryLog();
  const { wallet, email } = runners({ log: eventLog, clock });
  const feed = feedFrom(t, url, eventLog);
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  const run = async (id: string, command: WalletCommand) => {
    const { position } = await wallet.run(stream, () => command, contextOf(id));
    if (position !== null) await reached(feed, position);
  };
  const checking = checker({ eventLog, pool, clock, log });
  t.teardown(checking.close);
  return { pool, eventLog, email, feed, run, log, lines, checking };
}

const change = (by: string) => statement`
  UPDATE balance_v1.balance SET posted = posted + ${by}::numeric WHERE wallet_id = ${walletId}`;

test('a difference is found at the next run, told once, and gone when it is mended', async (t) => {
  const { pool, run, lines, checking } = await scene(t);
  await run('grant', grantOf('1'));
  const first = await checking.run();
  t.deepEqual(first.findings, []);
  t.is(first.wallets, 1);
  t.deepEqual(first.completeAt, noon);
  await run('a', reserveOf('a'));
  await run('b', settleOf('a', { input: 10 }));
  await pool.query(change('0.5'));
  const second = await checking.run();
  t.is(second.differences.I2, 1);
  t.like(second.findings[0], { invariant: 'I2', wallet: walletId });
  await checking.run();
  t.is(lines.filter((line) => line.includes('a difference was found')).length, 1);
  await pool.query(change('-0.5'));
  const last = await checking.run();
  t.is(last.differences.I2, 0);
});

test('a read model that lags is no difference', async (t) => {
  const { eventLog, feed, run, checking } = await scene(t);
  await run('grant', grantOf('1'));
  await checking.run();
  await feed.close();
  const { wallet } = runners({ log: eventLog, clock });
  await wallet.run(stream, () => reserveOf('a'), contextOf('a'));
  await wallet.run(stream, () => settleOf('a', { input: 10 }), contextOf('b'));
  for (let times = 0; times < 2; times += 1) t.deepEqual((await checking.run()).findings, []);
});

test('a trial balance that does not sum to zero is found', async (t) => {
  const { pool, run, checking } = await scene(t);
  await run('grant', grantOf('1'));
  await pool.query(statement`
    UPDATE trial_balance_v1.trial_balance SET balance = balance + 2 WHERE account LIKE 'promo%'`);
  const { findings } = await checking.run();
  t.like(findings, [{ invariant: 'I1', wallet: null }]);
});

test('keys of nobody are removed after an hour and two looks; all others stay', async (t) => {
  const { pool, eventLog, email, log } = await scene(t);
  const [nobody, young, claimant, erased] = [
    randomUUID(),
    randomUUID(),
    randomUUID(),
    randomUUID(),
  ];
  const keep = (memberId: string, minutes: number) =>
    pool.query(statement`
      INSERT INTO vault.member_keys (member_id, wrapped, created_at)
      VALUES (${memberId}, 'wrapped', clock_timestamp() - make_interval(mins => ${minutes}))`);
  await keep(nobody, 90);
  await keep(young, 30);
  await keep(claimant, 90);
  await keep(erased, 90);
  await pool.query(statement`
    UPDATE vault.member_keys SET wrapped = NULL, erased_at = now() WHERE member_id = ${erased}`);
  const emailHash = 'a'.repeat(64);
  const claim = { emailHash, memberId: claimant, walletId: nameId('w'), codeHash: 'c' };
  await email.run(
    streamOf.email(emailHash),
    () => ({ type: 'ClaimEmail', ...claim, sealed: 's', expiresAt: noon.toISOString() }),
    contextOf('claim'),
  );
  const removal = orphanKeyRemoval({ eventLog, pool, log });
  t.is(await removal.remove(), 0);
  t.is(await removal.remove(), 1);
  const left = await pool.anyFirst(statement`SELECT member_id FROM vault.member_keys`);
  t.is(left.length, 3);
});
