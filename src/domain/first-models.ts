import type { PublishPriceList } from './price-list/decider.ts';
import type { ChangeRoute } from './route/decider.ts';
import { plainRoute, sandboxId } from './route/default-route.ts';

const terms = {
  type: 'PublishPriceList',
  currency: 'CNY',
  prices: { input: '1', cachedInput: '0.5', output: '2' },
} as const;

/** What a fresh installation sells: the sandbox, and the name that old clients ask for. */
export const firstPriceLists: readonly Omit<PublishPriceList, 'at'>[] = [
  // As many as the sandbox writes when nobody says: for `demo` the bound is the charge.
  { ...terms, alias: 'demo', defaultMaxOutput: 64 },
  { ...terms, alias: 'gpt-3.5-turbo', defaultMaxOutput: 4096 },
];

/** `demo` is the sandbox whatever is configured; other aliases take the default route. */
export const firstRoutes: readonly ChangeRoute[] = [
  {
    type: 'ChangeRoute',
    alias: 'demo',
    ...plainRoute(sandboxId, 'demo'),
  },
];
