import type { RouteTerms } from './events.ts';
import { usualScoring } from './events.ts';

/** What routes call the built-in upstream, which needs no provider. */
export const sandboxId = 'sandbox';

/** A route to one upstream model, where there is nothing to choose. */
export const plainRoute = (upstream: string, model: string): RouteTerms => ({
  strategy: 'weighted',
  candidates: [{ upstream, model, weight: 1 }],
  scoring: usualScoring,
  sticky: false,
});

/** Who answers for an alias that has no route of its own: the first provider configured, else the sandbox. */
export const defaultRoute = (alias: string, providers: readonly string[]): RouteTerms =>
  plainRoute(providers[0] ?? sandboxId, alias);
