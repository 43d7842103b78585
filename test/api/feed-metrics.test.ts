import test from 'ava';
import { Registry } from 'prom-client';
import { feedMetrics } from '../../src/api/feed-metrics.ts';

test('what a canary found is over once another build is shown', async (t) => {
  const registry = new Registry();
  let schema = 'balance_v1';
  feedMetrics(registry, {
    consumers: () => ({}),
    readModels: () => new Map([['balance', { schema, lagSeconds: 0, stopped: 0, differs: false }]]),
    canaries: () => new Map([['balance', 'balance_v1']]),
    relay: () => undefined,
  });
  const told = () => registry.getSingleMetricAsString('projection_differences');
  t.regex(await told(), /\{projection="balance"\} 1$/m);
  schema = 'balance_v1_b2';
  t.regex(await told(), /\{projection="balance"\} 0$/m);
});
