import test from 'ava';
import { previewRoute } from '../../src/adapters/llm/preview-route.ts';
import { sandboxUpstream } from '../../src/adapters/llm/sandbox.ts';
import { rankedReason } from '../../src/api/route-reasons.ts';

import { routeTo, unseen } from '../support/routes.ts';
import { price } from '../support/wallets.ts';

const candidate = (upstream: string) => ({ upstream, model: 'm', weight: 1 });
const open = sandboxUpstream();

/** Why each candidate stands where it does. */
const reasons = () => {
  const previewed = previewRoute(
    {
      catalogue: {
        priceOf: () => ({ ...price, defaultMaxOutput: 10 }),
        routeOf: () => routeTo([open.id, 'opening', 'off'].map(candidate)),
      },
      upstreams: new Map([[open.id, open]]),
      isSetUp: (id) => id !== 'off',
      watch: { observe: () => unseen },
      clock: () => new Date('2026-05-05T12:00:00Z'),
    },
    { alias: 'demo', inputTokens: 10, outputTokens: undefined },
  );
  return previewed?.candidates.map((each) => rankedReason(previewed.strategy, each, 'en'));
};

test('who is being opened is told apart from who is switched off', (t) => {
  t.deepEqual(reasons(), [
    'weight: 100 % of the calls',
    'takes no part: its upstream is being opened',
    'takes no part: its upstream is switched off or not set up',
  ]);
});
