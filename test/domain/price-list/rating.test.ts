import test from 'ava';
import { canonical } from '../../../src/domain/money.ts';
import { dearestInput, explain, rate } from '../../../src/domain/price-list/rating.ts';

const prices = { input: '2.5', cachedInput: '1.25', output: '10' };
const usage = { input: 1000, cachedInput: 200, output: 30, reasoning: 12 };

test('each class is charged at its price, reasoning at the output’s', (t) => {
  t.is(canonical(rate(usage, prices)), '0.00317');
});

test('the explanation adds up to the charge', (t) => {
  t.deepEqual(explain(usage, prices), [
    { class: 'input', pricedAs: 'input', tokens: 1000, price: '2.5', amount: '0.0025' },
    {
      class: 'cachedInput',
      pricedAs: 'cachedInput',
      tokens: 200,
      price: '1.25',
      amount: '0.00025',
    },
    { class: 'output', pricedAs: 'output', tokens: 30, price: '10', amount: '0.0003' },
    { class: 'reasoning', pricedAs: 'output', tokens: 12, price: '10', amount: '0.00012' },
  ]);
});

test('the bound takes the dearest class an input token can fall into', (t) => {
  t.is(canonical(dearestInput({ ...prices, cachedInput: '3' })), '0.000003');
});
