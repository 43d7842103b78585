import type { Scoring, Strategy } from '../../domain/route/events.ts';
import type { Ranked } from '../../domain/route/rank.ts';
import { rank } from '../../domain/route/rank.ts';
import { partsOf } from '../../domain/route/score.ts';
import type { PlanParts } from './plan-call.ts';

/** A call that nobody makes. */
export interface ImaginedCall {
  readonly alias: string;
  readonly apiKeyId?: string | undefined;
  readonly scenario?: string | undefined;
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
  /** Its upstream is set up in this process. */
  readonly isSetUp: boolean;
}

/**
 * How such a call would be routed in this process now, nothing drawn: among equals the likeliest is
 * first. Undefined for an alias that no call may name.
 */
export function previewRoute(
  { catalogue, upstreams, watch, clock }: Omit<PlanParts, 'random'>,
  { alias, outputTokens, ...call }: ImaginedCall,
): PreviewedRoute | undefined {
  const listed = catalogue.priceOf(alias);
  const terms = catalogue.routeOf(alias);
  if (!(listed && terms)) return undefined;
  const isSetUp = ({ candidate: { upstream } }: Ranked) => upstreams.has(upstream);
  const ranked = rank({
    terms: { ...terms, candidates: terms.candidates.toSorted((a, b) => b.weight - a.weight) },
    call: { ...call, outputTokens: outputTokens ?? listed.defaultMaxOutput, at: clock() },
    observe: watch.observe,
    random: () => 0,
  });
  const parts = partsOf(ranked.filter(({ unmet }) => unmet === undefined));
  const candidates = ranked.map((each) => ({
    ...each,
    ...{ parts: parts(each), isSetUp: isSetUp(each) },
    score: isSetUp(each) ? each.score : 0,
  }));
  const isTried = ({ isSetUp: is, unmet }: Previewed) => is && unmet === undefined;
  return {
    strategy: terms.strategy,
    candidates: [...candidates.filter(isTried), ...candidates.filter((each) => !isTried(each))],
  };
}
