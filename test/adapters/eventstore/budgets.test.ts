import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { pino } from 'pino';
import { budgetIndex } from '../../../src/adapters/eventstore/budgets.ts';
import { runners } from '../../../src/adapters/eventstore/runners.ts';
import type { BudgetRows, CostRows } from '../../../src/adapters/postgres/index-rows.ts';
import type { BudgetTerms } from '../../../src/domain/budget/events.ts';
import type { ScenarioNames } from '../../../src/domain/budget/scenario-names.ts';
import { scenarioNames } from '../../../src/domain/budget/scenario-names.ts';
import type { Spending } from '../../../src/domain/budget/spending.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { streamOf } from '../../../src/domain/streams.ts';
import type { WalletCommand } from '../../../src/domain/wallet/commands.ts';
import { allPartitions } from '../../../src/projections/partition.ts';
import { eventually } from '../../support/eventually.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { contextOf } from '../../support/purse.ts';
import { abandonOf, grantOf, noon, releaseOf, reserveOf, walletId } from '../../support/wallets.ts';

const clock = () => new Date(noon);
interface Named {
  readonly booked?: BudgetRows['scenarios'];
  readonly scenarios?: ScenarioNames;
}

const noCosts: CostRows = { booked: [], positions: new Map(), after: null };
const terms: BudgetTerms = {
  scope: { kind: 'alias', value: 'demo' },
  ...{ currency: 'CNY', daily: '10', monthly: null, whenSpent: 'leave_out' },
};

async function indexOn(
  t: ExecutionContext,
  log: MemoryLog,
  rows = noCosts,
  { booked = [], scenarios = scenarioNames() }: Named = {},
) {
  const index = budgetIndex({
    ...{ log, clock, logger: pino({ level: 'silent' }), scenarios },
    rows: () => Promise.resolve({ budgets: [], scenarios: booked, after: null }),
    costRows: () => Promise.resolve(rows),
  });
  t.teardown(() => index.close());
  await index.filled;
  const use = () => {
    const [day] = index.all()[0]?.uses ?? [];
    return day && { spent: day.spent.toFixed(), inFlight: day.inFlight.toFixed() };
  };
  return { ...index, use };
}

function operatorOn(log: MemoryLog) {
  const run = runners({ log, clock });
  const stream = streamOf.budget('b');
  return {
    set: (more: Partial<BudgetTerms> = {}) =>
      run.budget.run(
        stream,
        () => ({ type: 'SetBudget', budgetId: 'b', ...terms, ...more }),
        contextOf(randomUUID()),
      ),
    end: () => run.budget.run(stream, () => ({ type: 'EndBudget' }), contextOf(randomUUID())),
    wallet: (command: WalletCommand) =>
      run.wallet.run(streamOf.wallet(walletId), () => command, {
        ...contextOf(randomUUID()),
        at: noon,
      }),
  };
}

const costing = (amount: string) => [{ upstream: 'u', asset: 'CNY', amount }];
const asking = (amount: string): Spending => ({
  counting: { upstream: 'u', alias: 'demo' },
  cost: { currency: 'CNY', amount: new Decimal(amount) },
});

test('a budget of another process arrives, counts what is booked, and goes when it is ended', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  const { set, end, wallet } = operatorOn(log);
  await wallet(grantOf('1'));
  await wallet(reserveOf('before'));
  await wallet(releaseOf('before', { costs: costing('1.5') }));
  await set();
  await eventually(() => index.use()?.spent === '1.5');
  await wallet(reserveOf('a'));
  await wallet(releaseOf('a', { costs: costing('2') }));
  await eventually(() => index.use()?.spent === '3.5');
  await end();
  await eventually(() => index.all().length === 0);
  t.deepEqual(index.blocking(asking('100')), []);
});

test('what the rows hold is not counted again from the log', async (t) => {
  const log = memoryLog();
  const { set, wallet } = operatorOn(log);
  await wallet(grantOf('1'));
  await wallet(reserveOf('a'));
  const { position } = await wallet(releaseOf('a', { costs: costing('2') }));
  const last = position ?? 0n;
  const row = { day: '2026-01-01', upstream: 'u', model: 'demo', currency: 'CNY', cost: '2' };
  const index = await indexOn(t, log, {
    booked: [{ ...row, scenario: '', plan: '', client_app: '' }],
    // Some partition is behind, so that everything is read again.
    ...{ positions: new Map(allPartitions.map((n) => [n, last])), after: null },
  });
  await set();
  await eventually(() => index.use() !== undefined);
  await index.counted();
  t.is(index.use()?.spent, '2');
  await wallet(reserveOf('b'));
  await wallet(releaseOf('b', { costs: costing('3') }));
  await eventually(() => index.use()?.spent === '5');
});

test('a call in flight holds its bound until the log has shown what it cost', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  const { set, wallet } = operatorOn(log);
  await set();
  await eventually(() => index.use() !== undefined);
  await index.counted();
  await wallet(grantOf('1'));
  const { call } = reserveOf('a');
  await wallet(reserveOf('a'));
  const budget = index.open(call.callId);
  t.true(budget.asks(asking('6')));
  budget.answering();
  t.deepEqual(index.use(), { spent: '0', inFlight: '6' });
  t.is(index.blocking(asking('4')).length, 0);
  t.is(index.blocking(asking('4.000001')).length, 1);
  budget.over();
  t.is(index.use()?.inFlight, '6', 'the log has not shown it');
  await wallet(releaseOf('a', { costs: costing('1') }));
  await eventually(() => index.use()?.spent === '1');
  t.is(index.use()?.inFlight, '0');
});

test('an attempt that did not begin to answer gives its bound back; one that did keeps it', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  await operatorOn(log).set();
  await eventually(() => index.use() !== undefined);
  const budget = index.open(randomUUID());
  t.true(budget.asks(asking('6')));
  t.true(budget.asks(asking('7')));
  t.is(index.use()?.inFlight, '7');
  budget.answering();
  t.false(budget.asks(asking('4')));
  t.true(budget.asks(asking('3')));
  t.is(index.use()?.inFlight, '10');
  budget.over();
  t.is(index.use()?.inFlight, '7', 'the last one had not begun');
  budget.forget();
  t.is(index.use()?.inFlight, '0');
});

test('a call that lives on after its hold was swept goes on to hold its bound', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  const { set, wallet } = operatorOn(log);
  await set();
  await eventually(() => index.use() !== undefined);
  await index.counted();
  await wallet(grantOf('1'));
  const budget = index.open(reserveOf('a').call.callId);
  await wallet(reserveOf('a'));
  t.true(budget.asks(asking('6')));
  budget.answering();
  await wallet(abandonOf('a', { costs: costing('1') }));
  await eventually(() => index.use()?.spent === '1');
  t.is(index.use()?.inFlight, '6');
  budget.over();
  t.is(index.use()?.inFlight, '0');
});

test('an attempt that was answered stays counted when a later one finds no room', async (t) => {
  const log = memoryLog();
  const index = await indexOn(t, log);
  await operatorOn(log).set();
  await eventually(() => index.all().length === 1);
  const call = index.open('a');
  t.true(call.asks(asking('4')));
  call.answering();
  t.true(call.asks(asking('2')));
  t.false(call.asks(asking('7')));
  call.over();
  t.is(index.use()?.inFlight, '4');
});

test('names of scenarios count that budgets are for, or that the month’s rows have', async (t) => {
  const log = memoryLog();
  const scenarios = scenarioNames(1);
  const booked = [{ scenario: 'row', day: noon.slice(0, 10) }];
  const index = await indexOn(t, log, noCosts, { booked, scenarios });
  const scope = { kind: 'scenario', value: 'budgeted' } as const;
  await operatorOn(log).set({ scope });
  await eventually(() => index.all().length > 0);
  t.deepEqual(
    ['other', 'row', 'budgeted', 'demo'].filter((name) => scenarios.counted(name, noon)),
    ['row', 'budgeted'],
  );
});
