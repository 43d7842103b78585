import test from 'ava';
import { pino } from 'pino';
import { projector } from '../../src/adapters/postgres/project.ts';
import { nameId } from '../../src/domain/ids.ts';
import { Decimal } from '../../src/domain/money.ts';
import type { WalletCommand } from '../../src/domain/wallet/commands.ts';
import { quotasOf } from '../../src/projections/quotas.ts';
import { projections } from '../../src/projections/registry.ts';
import { readDatabase } from '../support/read-side.ts';
import { entriesOf } from '../support/wallet-entries.ts';
import {
  abandonOf,
  ending,
  grantOf,
  memberId,
  noon,
  releaseOf,
  reserveOf,
  settleOf,
  walletId,
} from '../support/wallets.ts';

const start = '2026-01-01T00:00:00.000Z';
const end = '2026-02-01T00:00:00.000Z';
const lotId = nameId('allowance');
const allowance = grantOf('1000', {
  ...{ asset: 'tokens', kind: 'plan', lotId, effectiveAt: start, expiresAt: end },
});
const reserve = (call: string): WalletCommand => ({
  ...reserveOf(call),
  quotes: [{ asset: 'tokens', fixed: new Decimal(100), perOutput: new Decimal(1) }],
});

type Test = Parameters<typeof readDatabase>[0];

async function quotas(t: Test, commands: readonly WalletCommand[], at = noon) {
  const { url, pool } = await readDatabase(t);
  const project = projector({ databaseUrl: url, projections, log: pino({ level: 'silent' }) });
  await project.open();
  const entries = entriesOf(commands);
  await project.apply(entries.map(({ meta, ...event }) => ({ ...event, metadata: meta })));
  project.close();
  return pool.any(quotasOf(walletId, at));
}

const quota = {
  asset: 'tokens',
  period_start: start,
  period_end: end,
  granted: '1000',
  used: '0',
  held: '0',
  resets_at: end,
};

test('an allowance says what is used and what calls in flight hold', async (t) => {
  const commands = [
    allowance,
    grantOf('1'),
    reserve('a'),
    settleOf('a', { input: 100, output: 20 }),
    reserve('b'),
    releaseOf('b'),
    reserve('c'),
    abandonOf('c'),
    reserve('d'),
  ];
  t.deepEqual(await quotas(t, commands), [{ ...quota, used: '120', held: '200' }]);
});

test('what came late and what was given back is in it', async (t) => {
  const commands: readonly WalletCommand[] = [
    allowance,
    reserve('a'),
    abandonOf('a'),
    {
      ...{ type: 'PostLateSettlement', callId: nameId('a'), characters: null, ending, costs: [] },
      ...{ usage: { input: 100, cachedInput: 0, output: 50, reasoning: 0 } },
      ...{ overrun: 'absorbed', at: noon },
    },
    {
      ...{ type: 'CorrectUsage', eventId: nameId('e'), callId: nameId('a'), memberId },
      ...{ model: 'demo', asset: 'tokens', reason: 'test', approver: memberId, at: noon },
      charged: [
        { kind: 'plan', priority: 0, expiresAt: end, scope: null, amount: new Decimal(150) },
      ],
      amount: new Decimal(40),
    },
  ];
  t.deepEqual(await quotas(t, commands), [
    { ...quota, used: '150' },
    { ...quota, granted: '40', period_start: noon },
  ]);
});

test('what was taken back, is over, or has not begun is no quota', async (t) => {
  const revoke: WalletCommand = { type: 'RevokeCredit', lotId, reason: 'test', at: noon };
  t.deepEqual(await quotas(t, [allowance, revoke]), []);
  t.deepEqual(await quotas(t, [allowance], end), []);
  t.deepEqual(await quotas(t, [allowance], '2025-12-31T23:59:59.999Z'), []);
});

test('a used-up allowance is shown until it resets; one without an end is not', async (t) => {
  const lasting = { asset: 'tokens', lotId: nameId('lasting') };
  const use = [reserve('a'), settleOf('a', { input: 100, output: 100 })];
  const small = { ...allowance, amount: new Decimal(200) };
  t.deepEqual(await quotas(t, [small, ...use]), [{ ...quota, granted: '200', used: '200' }]);
  t.deepEqual(await quotas(t, [grantOf('200', lasting), ...use]), []);
});
