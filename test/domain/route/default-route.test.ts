import test from 'ava';
import { defaultRoute } from '../../../src/domain/route/default-route.ts';

test('without a provider the sandbox answers, with one the provider does', (t) => {
  t.deepEqual(defaultRoute('gpt-3.5-turbo', []).candidates, [
    { upstream: 'sandbox', model: 'gpt-3.5-turbo', weight: 1 },
  ]);
  t.deepEqual(defaultRoute('gpt-3.5-turbo', ['openai', 'openai_like']).candidates, [
    { upstream: 'openai', model: 'gpt-3.5-turbo', weight: 1 },
  ]);
});
