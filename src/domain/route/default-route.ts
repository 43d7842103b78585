import type { Candidate } from './events.ts';

/** The upstream that needs no provider: built in, for the first five minutes and for tests. */
export const sandboxUpstream = 'sandbox';

/** Who answers for an alias that has no route of its own: the first provider configured, else the sandbox. */
export function defaultRoute(alias: string, providers: readonly string[]): readonly Candidate[] {
  return [{ upstream: providers[0] ?? sandboxUpstream, model: alias, weight: 1 }];
}
