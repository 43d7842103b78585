import type { RoutedCall } from '../../domain/route/conditions.ts';
import type { Scoring, Strategy } from '../../domain/route/events.ts';
import type { Ranked } from '../../domain/route/rank.ts';
import { rank } from '../../domain/route/rank.ts';
import { partsOf } from '../../domain/route/score.ts';
import { factsOf } from './call-costs.ts';
import { defaultScenario } from './default-scenario.ts';
import type { PlanParts } from './plan-call.ts';
import { hasRoom } from './within-budgets.ts';

/** A call that nobody makes. */
export interface ImaginedCall {
  readonly alias: string;
  readonly apiKeyId?: string | undefined;
  readonly scenario?: string | undefined;
  readonly plan?: string | undefined;
  readonly clientApp?: string | undefined;
  readonly inputTokens: number;
  /** Undefined: as many as the alias gives. */
  readonly outputTokens: number | undefined;
}

export interface PreviewedRoute {
  readonly strategy: Strategy;
  readonly candidates: readonly Previewed[];
}

export interface Previewed extends Ranked {
  /** Each part of a score under `auto`. */
  readonly parts: Readonly<Scoring>;
  /** Why its upstream can't be asked in this process; undefined: it can. */
  readonly away: 'opening' | 'not_set_up' | undefined;
}

/**
 * How such a call would be routed in this process now, nothing drawn: among equals the likeliest is
 * first. Undefined for an alias that no call may name.
 */
export function previewRoute(
  { catalogue, upstreams, isSetUp = () => false, watch, budgets, clock }: Omit<PlanParts, 'random'>,
  { alias, outputTokens, ...call }: ImaginedCall,
): PreviewedRoute | undefined {
  const listed = catalogue.priceOf(alias);
  const terms = catalogue.routeOf(alias);
  if (!(listed && terms)) return undefined;
  const heaviestFirst = terms.candidates.toSorted((a, b) => b.weight - a.weight);
  const routed: RoutedCall = {
    ...call,
    scenario: call.scenario ?? defaultScenario(catalogue, { alias, clientApp: call.clientApp }),
    outputTokens: outputTokens ?? listed.defaultMaxOutput,
    at: clock(),
  };
  const counting = { alias, ...factsOf(routed) };
  const room = hasRoom({ budgets, callId: '', counting, size: routed });
  const awayOf = (upstream: string): Previewed['away'] => {
    if (upstreams.has(upstream)) return undefined;
    return isSetUp(upstream) ? 'opening' : 'not_set_up';
  };
  const ranking = (isOpen: boolean): readonly Previewed[] => {
    const ranked = rank({
      terms: {
        ...terms,
        candidates: heaviestFirst.filter(({ upstream }) => upstreams.has(upstream) === isOpen),
      },
      call: routed,
      observe: watch.observe,
      hasRoom: room,
      random: () => 0,
    });
    const parts = partsOf(ranked.filter(({ unmet }) => unmet === undefined));
    return ranked.map((each) => ({
      ...each,
      parts: parts(each),
      away: awayOf(each.candidate.upstream),
    }));
  };
  const others = ranking(false).map((each) => ({ ...each, score: 0 }));
  return { strategy: terms.strategy, candidates: [...ranking(true), ...others] };
}
