import type { Candidate } from './events.ts';

/** What routes call the built-in upstream, which needs no provider. */
export const sandboxId = 'sandbox';

/** Who answers for an alias that has no route of its own: the first provider configured, else the sandbox. */
export function defaultRoute(alias: string, providers: readonly string[]): readonly Candidate[] {
  return [{ upstream: providers[0] ?? sandboxId, model: alias, weight: 1 }];
}
