import test from 'ava';
import type { RoutedCall } from '../../../src/domain/route/conditions.ts';
import { Conditions, unmetBy } from '../../../src/domain/route/conditions.ts';

const call: RoutedCall = {
  ...{ plan: 'pro', clientApp: 'shop', apiKeyId: 'key-1', scenario: 'code' },
  ...{ inputTokens: 1_000, outputTokens: 100 },
  // A Friday, 23:30 in Shanghai.
  at: new Date('2026-01-02T15:30:00.000Z'),
};

test('a call meets conditions that name it, and every call meets none', (t) => {
  t.is(unmetBy({}, call), undefined);
  t.is(unmetBy({}, { inputTokens: 0, outputTokens: 0, at: call.at }), undefined);
  const all: Conditions = {
    ...{ plans: ['free', 'pro'], clientApps: ['shop'], apiKeys: ['key-1'], scenarios: ['code'] },
    inputTokens: { min: 1_000, max: 1_000 },
    hours: { from: '23:00', to: '23:31', days: [5], timeZone: 'Asia/Shanghai' },
  };
  t.is(unmetBy(all, call), undefined);
});

for (const [unmet, conditions] of [
  ['plans', { plans: ['free'] }],
  ['clientApps', { clientApps: ['other'] }],
  ['apiKeys', { apiKeys: ['key-2'] }],
  ['scenarios', { scenarios: ['chat', 'draw'] }],
  ['inputTokens', { inputTokens: { min: 1_001 } }],
  ['inputTokens', { inputTokens: { max: 999 } }],
  ['hours', { hours: { from: '00:00', to: '23:30', timeZone: 'Asia/Shanghai' } }],
  ['hours', { hours: { from: '23:00', to: '23:59', days: [4, 6], timeZone: 'Asia/Shanghai' } }],
  ['hours', { hours: { from: '23:00', to: '23:59', timeZone: 'UTC' } }],
] as const) {
  test(`one that is not met is named: ${JSON.stringify(conditions)}`, (t) => {
    t.is(unmetBy(Conditions.parse(conditions), call), unmet);
  });
}

test('a call that says no scenario, plan or app meets no condition on one', (t) => {
  const bare: RoutedCall = { inputTokens: 1, outputTokens: 1, at: call.at };
  t.is(unmetBy({ scenarios: ['code'] }, bare), 'scenarios');
  t.is(unmetBy({ plans: ['pro'] }, bare), 'plans');
  t.is(unmetBy({ clientApps: ['shop'] }, bare), 'clientApps');
});

test('hours that go over midnight belong to the day that they begin on', (t) => {
  const friday = { from: '22:00', to: '06:00', days: [5], timeZone: 'Asia/Shanghai' };
  const met = (at: string) =>
    unmetBy({ hours: friday }, { ...call, at: new Date(at) }) === undefined;
  t.true(met('2026-01-02T15:30:00.000Z'), 'Friday 23:30');
  t.true(met('2026-01-02T21:59:00.000Z'), 'Saturday 05:59');
  t.false(met('2026-01-02T22:00:00.000Z'), 'Saturday 06:00');
  t.false(met('2026-01-01T21:00:00.000Z'), 'Friday 05:00');
  t.false(met('2026-01-03T15:30:00.000Z'), 'Saturday 23:30');
});

test('a time zone, a clock time and a list that make no sense are refused', (t) => {
  const hours = { from: '22:00', to: '06:00', timeZone: 'UTC' };
  t.true(Conditions.safeParse({ hours }).success);
  for (const wrong of [
    { hours: { ...hours, timeZone: 'Mars/Olympus' } },
    { hours: { ...hours, from: '24:00' } },
    { hours: { ...hours, days: [0] } },
    { scenarios: [] },
    { inputTokens: { min: -1 } },
  ]) {
    t.false(Conditions.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
