import type { RouteTerms, Strategy } from '../../src/domain/route/events.ts';
import { routeTo } from '../support/routes.ts';
import type { Outcome } from './calls.ts';
import type { RoutingWorld } from './world.ts';

/** What a run has shown: a rule, whether it held, and by which numbers. */
export interface Finding {
  readonly rule: string;
  readonly isFine: boolean;
  readonly numbers: string;
}

export const weights: Readonly<Record<string, number>> = {
  ...{ alpha: 30, bravo: 25, charlie: 20, delta: 15, echo: 10 },
};

export const routeIn = (
  { providers }: RoutingWorld,
  strategy: Strategy,
  more: Partial<Omit<RouteTerms, 'candidates'>> = {},
): RouteTerms =>
  routeTo(
    providers.map(({ id, price }) => ({
      ...{ upstream: id, model: 'm', weight: weights[id] ?? 1 },
      cost: { input: price, cachedInput: price, output: price },
    })),
    { strategy, ...more },
  );

/** Calls that nobody answered, though they might have been made. */
export const lostOf = (outcomes: readonly Outcome[]): number =>
  outcomes.filter(({ by, refused }) => by === undefined && !refused).length;

export const shareOf = (outcomes: readonly Outcome[], id: string): number =>
  outcomes.filter(({ by }) => by === id).length / outcomes.length;

/** The largest difference between a share of the calls and what the weights of those who live say. */
export function deviation(outcomes: readonly Outcome[], ids: readonly string[]): number {
  const total = ids.reduce((sum, id) => sum + (weights[id] ?? 0), 0);
  return Math.max(
    ...ids.map((id) => Math.abs(shareOf(outcomes, id) / ((weights[id] ?? 0) / total) - 1)),
  );
}

export const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
export const idsOf = ({ providers }: RoutingWorld) => providers.map(({ id }) => id);
