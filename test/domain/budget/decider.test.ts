import test from 'ava';
import fc from 'fast-check';
import { budget } from '../../../src/domain/budget/decider.ts';
import type { BudgetEvent, BudgetTerms } from '../../../src/domain/budget/events.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { fold, given } from '../../support/given.ts';

const terms: BudgetTerms = {
  scope: { kind: 'upstream', value: 'openai' },
  ...{ currency: 'USD', daily: '10', monthly: null, whenSpent: 'leave_out' },
};
const set: BudgetEvent = { type: 'BudgetSet', data: { budgetId: 'b', ...terms } };
const ended: BudgetEvent = { type: 'BudgetEnded', data: { budgetId: 'b' } };
const note = (spent: string, of = '2026-03-14', window: 'day' | 'month' = 'day') =>
  ({ type: 'NoteSpending', window, of, spent: new Decimal(spent) }) as const;
const reached = (percent: 50 | 80 | 100, spent: string, of = '2026-03-14'): BudgetEvent => ({
  type: 'BudgetThresholdReached',
  data: {
    ...{ budgetId: 'b', scope: terms.scope, window: 'day', of },
    ...{ percent, spent, most: '10', currency: 'USD' },
  },
});

test('a budget is set, changed and ended', (t) => {
  given(budget)(t)
    .when({ type: 'SetBudget', budgetId: 'b', ...terms })
    .yields(set);
  given(
    budget,
    set,
  )(t)
    .when({ type: 'SetBudget', budgetId: 'b', ...terms, daily: '11' })
    .yieldsTypes('BudgetSet');
  given(budget, set)(t).when({ type: 'EndBudget' }).yields(ended);
});

test('setting a budget to what it is changes nothing, nor does ending one that is not', (t) => {
  given(
    budget,
    set,
  )(t)
    .when({ type: 'SetBudget', budgetId: 'b', ...terms })
    .yields();
  given(budget)(t).when({ type: 'EndBudget' }).yields();
  given(budget, set, ended)(t).when({ type: 'EndBudget' }).yields();
});

test('a share is told when it is reached, and those that were passed with it', (t) => {
  given(budget, set)(t).when(note('4.999999')).yields();
  given(budget, set)(t).when(note('5')).yields(reached(50, '5'));
  given(budget, set)(t).when(note('9')).yields(reached(50, '9'), reached(80, '9'));
  given(
    budget,
    set,
    reached(50, '5'),
  )(t)
    .when(note('10.5'))
    .yields(reached(80, '10.5'), reached(100, '10.5'));
});

test('a share is told once in a window, and again in the next one', (t) => {
  const history = [set, reached(50, '5'), reached(80, '8')];
  given(
    budget,
    ...history,
  )(t)
    .when(note('8.1'))
    .yields();
  given(
    budget,
    ...history,
  )(t)
    .when(note('5', '2026-03-15'))
    .yields(reached(50, '5', '2026-03-15'));
});

test('of a window that is over nothing is told', (t) => {
  given(
    budget,
    set,
    reached(50, '5', '2026-03-15'),
  )(t)
    .when(note('10'))
    .yields();
});

test('what has no limit, or no budget, has no shares', (t) => {
  given(
    budget,
    set,
  )(t)
    .when(note('1000', '2026-03', 'month'))
    .yields();
  given(budget)(t).when(note('1000')).yields();
  given(budget, set, ended)(t).when(note('1000')).yields();
});

test('with another amount shares are told anew; with another way to be spent they are not', (t) => {
  const history = [set, reached(50, '5')];
  const other: BudgetEvent = { type: 'BudgetSet', data: { budgetId: 'b', ...terms, daily: '12' } };
  given(
    budget,
    ...history,
    other,
  )(t)
    .when(note('6'))
    .yieldsTypes('BudgetThresholdReached');
  const way: BudgetEvent = {
    type: 'BudgetSet',
    data: { budgetId: 'b', ...terms, whenSpent: 'refuse' },
  };
  given(
    budget,
    ...history,
    way,
  )(t)
    .when(note('6'))
    .yields();
});

test('whatever is noted in whatever order, a share is told once', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 30 }), (spent) => {
      const history: BudgetEvent[] = [set];
      for (const each of spent) {
        history.push(...budget.decide(note(String(each)), fold(budget, history)));
      }
      const told = history.flatMap((event) =>
        event.type === 'BudgetThresholdReached' ? [event.data.percent] : [],
      );
      const most = Math.max(0, ...spent);
      t.deepEqual(
        told,
        [50, 80, 100].filter((percent) => most * 10 >= percent),
      );
    }),
  );
});
