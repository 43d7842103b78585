import test from 'ava';
import fc from 'fast-check';
import type { RoutedCall } from '../../../src/domain/route/conditions.ts';
import type { Candidate, RouteTerms, Strategy } from '../../../src/domain/route/events.ts';
import { Strategy as Strategies } from '../../../src/domain/route/events.ts';
import type { Absence, Observed } from '../../../src/domain/route/observed.ts';
import { rank } from '../../../src/domain/route/rank.ts';
import { chance } from '../../simulator/chance.ts';
import { routeTo, unseen } from '../../support/routes.ts';

const call: RoutedCall = { inputTokens: 1_000, outputTokens: 1_000, at: new Date(0) };

const candidate = (model: string, more: Partial<Candidate> = {}): Candidate => ({
  ...{ upstream: 'mock', model, weight: 1 },
  ...more,
});
const costing = (model: string, price: string, more: Partial<Candidate> = {}): Candidate =>
  candidate(model, { cost: { input: price, cachedInput: price, output: price }, ...more });

interface Given {
  readonly seen?: Readonly<Record<string, Partial<Observed>>>;
  readonly call?: Partial<RoutedCall>;
  readonly random?: () => number;
  readonly terms?: Partial<Omit<RouteTerms, 'candidates'>>;
}

const ranked = (
  strategy: Strategy,
  candidates: readonly Candidate[],
  { seen = {}, call: more = {}, random = () => 0, terms = {} }: Given = {},
) =>
  rank({
    terms: routeTo(candidates, { strategy, ...terms }),
    call: { ...call, ...more },
    observe: ({ model }) => ({ ...unseen, ...seen[model] }),
    random,
  });
const order = (...given: Parameters<typeof ranked>) =>
  ranked(...given).map(({ candidate: { model } }) => model);

test('under `weighted` a candidate comes first as often as its weight says', (t) => {
  const candidates = [candidate('heavy', { weight: 3 }), candidate('light')];
  const { number: random } = chance(1);
  const firsts = Array.from({ length: 10_000 }, () => order('weighted', candidates, { random })[0]);
  const heavy = firsts.filter((model) => model === 'heavy').length;
  t.true(heavy > 7_350 && heavy < 7_650, `${heavy}`);
  t.deepEqual(
    ranked('weighted', candidates).map(({ score }) => score),
    [0.75, 0.25],
  );
});

test('under `priority` the lowest number is first; without one it is 0', (t) => {
  const candidates = [
    candidate('c', { priority: 2 }),
    candidate('b', { priority: 1 }),
    candidate('a'),
  ];
  t.deepEqual(order('priority', candidates), ['a', 'b', 'c']);
});

test('under `cheapest` what this call would cost decides, exactly, and an unknown cost is last', (t) => {
  const candidates = [candidate('unknown'), costing('b', '1.000001'), costing('a', '1')];
  t.deepEqual(order('cheapest', candidates), ['a', 'b', 'unknown']);
  const short = { input: '1', cachedInput: '1', output: '10' };
  const long = { input: '3', cachedInput: '3', output: '3' };
  const both = [candidate('short', { cost: short }), candidate('long', { cost: long })];
  t.is(order('cheapest', both, { call: { outputTokens: 10 } })[0], 'short');
  t.is(order('cheapest', both, { call: { inputTokens: 10 } })[0], 'long');
});

test('what costs nothing is the cheapest', (t) => {
  t.deepEqual(order('cheapest', [costing('paid', '0.1'), costing('free', '0')]), ['free', 'paid']);
});

test('under `fastest` the shortest time to a first token is first, and who is not known is tried', (t) => {
  const candidates = ['slow', 'quick'].map((model) => candidate(model));
  const seen = { slow: { firstTokenMs: 900 }, quick: { firstTokenMs: 300 } };
  t.deepEqual(order('fastest', candidates, { seen }), ['quick', 'slow']);
  const three = [...candidates, candidate('new')];
  t.is(order('fastest', three, { seen }).indexOf('slow'), 2);
});

test('under `least_loaded` calls in flight against capacity decide', (t) => {
  const candidates = ['a', 'b'].map((model) => candidate(model));
  const seen = { a: { inFlight: 3, capacity: 10 }, b: { inFlight: 20, capacity: 100 } };
  t.deepEqual(order('least_loaded', candidates, { seen }), ['b', 'a']);
});

const differ = {
  load: [{ inFlight: 90, capacity: 100 }, { capacity: 100 }],
  latency: [{ firstTokenMs: 2_000 }, { firstTokenMs: 100 }],
  health: [{ errorRate: 0.9 }, { errorRate: 0 }],
} as const;

for (const [part, [bad, good]] of Object.entries(differ)) {
  test(`under \`auto\` ${part} counts, as much as the route says`, (t) => {
    const candidates = ['bad', 'good'].map((model) => candidate(model));
    const seen = { bad, good };
    t.deepEqual(order('auto', candidates, { seen }), ['good', 'bad']);
    const none = { load: 1, cost: 1, latency: 1, health: 1, [part]: 0 };
    t.deepEqual(order('auto', candidates, { seen, terms: { scoring: none } }), ['bad', 'good']);
  });
}

test('under `auto` cost counts, as much as the route says', (t) => {
  const candidates = [costing('dear', '10'), costing('cheap', '1')];
  t.deepEqual(order('auto', candidates), ['cheap', 'dear']);
  const scoring = { load: 1, cost: 0, latency: 1, health: 1 };
  t.deepEqual(order('auto', candidates, { terms: { scoring } }), ['dear', 'cheap']);
});

test('who is for such calls alone goes before who is for all, and takes part in no others', (t) => {
  const candidates = [
    candidate('all'),
    candidate('coder', { conditions: { scenarios: ['code'] } }),
  ];
  t.deepEqual(order('weighted', candidates, { call: { scenario: 'code' } }), ['coder', 'all']);
  const [first, out] = ranked('weighted', candidates, { call: { scenario: 'chat' } });
  t.like(first, { candidate: { model: 'all' }, unmet: undefined, score: 1 });
  t.like(out, { candidate: { model: 'coder' }, unmet: 'scenarios', score: 0 });
});

test('who should not be asked comes last, the likeliest to answer first', (t) => {
  const absent = (absence: Absence) => ({ absence });
  const seen = {
    broken: absent('circuit_open'),
    cooling: absent('cooling_down'),
    full: absent('full'),
  };
  const models = ['broken', 'cooling', 'full', 'well'];
  const candidates = models.map((model, priority) => candidate(model, { priority }));
  for (const strategy of Strategies.options) {
    t.deepEqual(
      order(strategy, candidates, { seen }),
      ['well', 'full', 'cooling', 'broken'],
      strategy,
    );
  }
});

const models = ['a', 'b', 'c', 'd', 'e'];
const AnySession = fc.string({ minLength: 1, maxLength: 20 });

test('calls of one session go to the same candidate, and one that falls out moves only its own', (t) => {
  const candidates = models.map((model, n) => candidate(model, { weight: n + 1 }));
  const firstOf = (session: string, seen = {}) =>
    order('weighted', candidates, {
      call: { session },
      seen,
      random: Math.random,
      terms: { sticky: true },
    })[0];
  fc.assert(
    fc.property(AnySession, fc.constantFrom(...models), (session, fallen) => {
      const before = firstOf(session);
      t.is(firstOf(session), before);
      const after = firstOf(session, { [fallen]: { absence: 'circuit_open' } });
      if (before === fallen) t.not(after, fallen);
      else t.is(after, before);
    }),
  );
});

test('sessions spread over the candidates as their weights say', (t) => {
  const candidates = [candidate('heavy', { weight: 3 }), candidate('light')];
  const firsts = Array.from(
    { length: 4_000 },
    (_, n) =>
      order('weighted', candidates, { call: { session: `s${n}` }, terms: { sticky: true } })[0],
  );
  const heavy = firsts.filter((model) => model === 'heavy').length;
  t.true(heavy > 2_900 && heavy < 3_100, `${heavy}`);
});

test('a session stays within what the strategy says: the cheapest is the cheapest', (t) => {
  const candidates = [costing('a', '2'), costing('b', '1'), costing('c', '1')];
  for (let n = 0; n < 50; n += 1) {
    const got = order('cheapest', candidates, {
      call: { session: `s${n}` },
      terms: { sticky: true },
    });
    t.is(got.at(-1), 'a');
  }
});

const AnyObserved = fc.record({
  inFlight: fc.nat(200),
  capacity: fc.constantFrom(null, 0, 1, 100),
  firstTokenMs: fc.option(fc.nat(10_000), { nil: undefined }),
  errorRate: fc.double({ min: 0, max: 1, noNaN: true }),
  absence: fc.constantFrom(undefined, 'full', 'cooling_down', 'circuit_open'),
});
const AnyCandidate = fc.record({
  ...{ upstream: fc.constantFrom('x', 'y'), model: fc.constantFrom(...models) },
  weight: fc.double({ min: 0.001, max: 1_000, noNaN: true }),
  priority: fc.nat(3),
  cost: fc.constantFrom(
    undefined,
    { input: '1', cachedInput: '1', output: '2' },
    {
      ...{ input: '0', cachedInput: '0', output: '0' },
    },
  ),
  conditions: fc.constantFrom<Candidate['conditions']>(
    undefined,
    { scenarios: ['code'] },
    { plans: ['pro'] },
  ),
});

test('whatever is known, every candidate has one place and a score between 0 and 1, who is absent after who is not', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Strategies.options),
      fc.array(fc.tuple(AnyCandidate, AnyObserved), { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (strategy, known, at) => {
        const named = new Map(
          known.map(([{ upstream, model }, seen]) => [`${upstream}/${model}`, seen]),
        );
        const all = rank({
          terms: routeTo(
            known.map(([each]) => each),
            { strategy },
          ),
          call: { ...call, scenario: 'code' },
          observe: ({ upstream, model }) => named.get(`${upstream}/${model}`) ?? unseen,
          random: () => at,
        });
        const places = all.map(({ candidate: { upstream, model } }) => `${upstream}/${model}`);
        t.deepEqual([...new Set(places)].sort(), [...named.keys()].sort());
        t.is(places.length, named.size);
        t.true(all.every(({ score }) => score >= 0 && score <= 1));
        const kinds = all.map(({ unmet, observed }) => (unmet ? 2 : observed.absence ? 1 : 0));
        t.deepEqual(
          kinds,
          kinds.toSorted((a, b) => a - b),
        );
      },
    ),
  );
});
