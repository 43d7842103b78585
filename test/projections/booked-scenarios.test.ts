import test from 'ava';
import { pino } from 'pino';
import { budgetRows } from '../../src/adapters/postgres/index-rows.ts';
import { projector } from '../../src/adapters/postgres/project.ts';
import { projections } from '../../src/projections/registry.ts';
import { readDatabase } from '../support/read-side.ts';
import { storedHistory } from '../support/recorded.ts';
import { grantOf, history, noon, releaseOf, reserveOf } from '../support/wallets.ts';

test('budgets start from the names that something of this month is booked under', async (t) => {
  const { url, pool } = await readDatabase(t);
  const project = projector({ databaseUrl: url, projections, log: pino({ level: 'silent' }) });
  await project.open();
  const costOf = (scenario?: string) => ({
    ...{ upstream: 'qwen', asset: 'CNY', amount: '0.1' },
    ...(scenario === undefined ? {} : { scenario }),
  });
  const costs = [costOf('code'), costOf(), costOf('chat'), costOf('code')];
  await project.apply(
    storedHistory(history(grantOf('1'), reserveOf('a'), releaseOf('a', { costs }))),
  );
  project.close();
  const inMonth = async (at: string) => {
    const { scenarios } = await budgetRows(pool, () => new Date(at));
    return scenarios.toSorted((one, other) => (one.scenario < other.scenario ? -1 : 1));
  };
  const day = noon.slice(0, 10);
  t.deepEqual(await inMonth('2026-01-31T23:59:59.999Z'), [
    { scenario: 'chat', day },
    { scenario: 'code', day },
  ]);
  t.deepEqual(await inMonth('2026-02-01T00:00:00.000Z'), []);
});
