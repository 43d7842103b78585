import test from 'ava';
import fc from 'fast-check';
import type { BudgetTerms, ScopeKind } from '../../../src/domain/budget/events.ts';
import type { Spending } from '../../../src/domain/budget/spending.ts';
import { covers, hasRoom, spendingBook } from '../../../src/domain/budget/spending.ts';
import { Decimal, zero } from '../../../src/domain/money.ts';

const counting = { upstream: 'u', alias: 'a', scenario: 's', plan: 'p', clientApp: 'c' };
const costing = (amount: string, currency = 'CNY'): Spending => ({
  counting,
  cost: { currency, amount: new Decimal(amount) },
});
const budgetOf = (
  kind: ScopeKind,
  value: string,
  more: Partial<BudgetTerms> = {},
): BudgetTerms => ({
  scope: { kind, value },
  ...{ currency: 'CNY', daily: '10', monthly: '100', whenSpent: 'leave_out' },
  ...more,
});
const at = '2026-03-31T23:59:59.999Z';
const spentIn = (book: ReturnType<typeof spendingBook>, budget: BudgetTerms, when = at) =>
  book.uses(budget, when).map(({ window, of, spent }) => `${window} ${of} ${spent.toFixed()}`);

const scopes = [
  ['upstream', 'u'],
  ['alias', 'a'],
  ['scenario', 's'],
  ['plan', 'p'],
  ['client_app', 'c'],
] as const;

for (const [kind, value] of scopes) {
  test(`a cost counts under its ${kind}, and under no other`, (t) => {
    const book = spendingBook();
    book.book(costing('1.5'), at);
    t.deepEqual(spentIn(book, budgetOf(kind, value)), ['day 2026-03-31 1.5', 'month 2026-03 1.5']);
    t.deepEqual(spentIn(book, budgetOf(kind, 'other')), ['day 2026-03-31 0', 'month 2026-03 0']);
    t.true(covers(budgetOf(kind, value), counting));
    t.false(covers(budgetOf(kind, 'other'), counting));
  });
}

test('what names no scenario, plan or client app counts under none', (t) => {
  const bare = { upstream: 'u', alias: 'a' };
  for (const kind of ['scenario', 'plan', 'client_app'] as const) {
    t.false(covers(budgetOf(kind, ''), bare));
  }
});

test('a day and a month begin at midnight of UTC', (t) => {
  const book = spendingBook();
  book.book(costing('1'), at);
  book.book(costing('2'), '2026-04-01T00:00:00.000Z');
  const budget = budgetOf('alias', 'a');
  t.deepEqual(spentIn(book, budget), ['day 2026-03-31 1', 'month 2026-03 1']);
  t.deepEqual(spentIn(book, budget, '2026-04-01T00:00:00.000Z'), [
    'day 2026-04-01 2',
    'month 2026-04 2',
  ]);
});

test('another currency is another budget’s', (t) => {
  const book = spendingBook();
  book.book(costing('1', 'USD'), at);
  t.deepEqual(spentIn(book, budgetOf('alias', 'a', { monthly: null })), ['day 2026-03-31 0']);
});

test('what is held is in flight until it is freed', (t) => {
  const book = spendingBook();
  book.hold(costing('4'));
  book.hold(costing('3'));
  book.free(costing('4'));
  const [day] = book.uses(budgetOf('upstream', 'u'), at);
  t.is(day?.inFlight.toFixed(), '3');
});

test('a cost fits into what is left to the last cent; an unknown one needs something left', (t) => {
  const use = { window: 'day' as const, of: '2026-03-31', most: new Decimal(10) };
  const uses = [{ ...use, spent: new Decimal(6), inFlight: new Decimal(3) }];
  t.true(hasRoom(uses, new Decimal(1)));
  t.false(hasRoom(uses, new Decimal('1.000001')));
  t.true(hasRoom(uses, null));
  const gone = [{ ...use, spent: new Decimal(6), inFlight: new Decimal(4) }];
  t.true(hasRoom(gone, zero));
  t.false(hasRoom(gone, null));
});

test('the book of many costs is their sum, whatever their order', (t) => {
  const cost = fc.record({
    amount: fc.integer({ min: -1_000, max: 100_000 }),
    upstream: fc.constantFrom('u', 'v'),
    day: fc.integer({ min: 1, max: 28 }),
  });
  fc.assert(
    fc.property(fc.array(cost, { maxLength: 40 }), (costs) => {
      const book = spendingBook();
      for (const { amount, upstream, day } of costs) {
        const spending = { counting: { ...counting, upstream }, cost: costing(`${amount}`).cost };
        book.book(spending, `2026-03-${String(day).padStart(2, '0')}T12:00:00.000Z`);
      }
      const [month] = book.uses(budgetOf('upstream', 'u', { daily: null }), at);
      const expected = costs.filter(({ upstream }) => upstream === 'u');
      t.is(
        month?.spent.toNumber(),
        expected.reduce((sum, { amount }) => sum + amount, 0),
      );
    }),
  );
});
