import test from 'ava';
import fc from 'fast-check';
import { trialOrder } from '../../../src/adapters/llm/trial-order.ts';

const candidate = (model: string, weight: number) => ({ upstream: 'mock', model, weight });

/** Evenly spread over [0, 1), in an order that visits every part early. */
const spread = () => {
  let at = 0;
  return () => {
    at = (at + 0.618_033_988_749_895) % 1;
    return at;
  };
};

test('every candidate is tried once', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 1_000, noNaN: true }), { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (weights, at) => {
        const candidates = weights.map((weight, index) => candidate(`m${index}`, weight));
        const order = trialOrder(candidates, () => at);
        t.deepEqual(
          order.map(({ model }) => model).sort(),
          candidates.map(({ model }) => model),
        );
      },
    ),
  );
});

test('a candidate comes first as often as its weight says', (t) => {
  const candidates = [candidate('heavy', 3), candidate('light', 1)];
  const random = spread();
  const firsts = Array.from({ length: 1_000 }, () => trialOrder(candidates, random)[0]?.model);
  const heavy = firsts.filter((model) => model === 'heavy').length;
  t.true(heavy > 740 && heavy < 760, `${heavy}`);
});
