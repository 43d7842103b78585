import type { Decimal } from '../money.ts';
import { Decimal as Amount } from '../money.ts';
import type { RoutedCall } from './conditions.ts';
import { costBound, costTermsOf } from './cost.ts';
import type { Candidate, RouteTerms, Scoring, Strategy } from './events.ts';
import type { Observed } from './observed.ts';
import { loadOf } from './observed.ts';

/** A candidate that may take a call, and what is known of it. */
export interface Known {
  readonly candidate: Candidate;
  readonly observed: Observed;
  /** What this call would cost us at most; undefined when nobody said what it costs. */
  readonly cost: Decimal | undefined;
}

/**
 * What a call costs us at a candidate if it uses all that it may. Undefined also where that is in
 * another currency than the others': nothing is converted.
 */
export function costOf(
  candidate: Candidate,
  { call, currency }: { readonly call: RoutedCall; readonly currency: string },
): Decimal | undefined {
  const terms = costTermsOf(candidate);
  return terms?.currency === currency ? costBound(terms, call) : undefined;
}

type Scorer = (all: readonly Known[], terms: RouteTerms) => (known: Known) => number;

/** How good each is beside the others: 1 is the best there can be, 0 the worst. */
export const scorers: Readonly<Record<Strategy, Scorer>> = {
  auto: byAll,
  cheapest: byCost,
  fastest: (all) => {
    const fastest = Math.min(...all.flatMap(firstTokenMs));
    return ({ observed: { firstTokenMs: ms } }) => (ms === undefined ? 1 : share(fastest, ms));
  },
  least_loaded:
    () =>
    ({ observed }) =>
      Math.max(0, 1 - loadOf(observed)),
  priority:
    () =>
    ({ candidate }) =>
      1 / (1 + (candidate.priority ?? 0)),
  weighted: (all) => {
    const total = all.reduce((sum, { candidate }) => sum + candidate.weight, 0);
    return ({ candidate }) => candidate.weight / total;
  },
};

/** Candidates whose scores differ by no more are equals: weights or a session choose among them. */
export const tolerance: Readonly<Record<Strategy, number>> = {
  auto: 0.05,
  cheapest: 0,
  fastest: 0.1,
  least_loaded: 0,
  priority: 0,
  weighted: 1,
};

/** One that has not been asked lately is worth a try: it counts as the fastest. */
const firstTokenMs = ({ observed }: Known): readonly number[] =>
  observed.firstTokenMs === undefined ? [] : [observed.firstTokenMs];

/** 0 to 1; nothing of nothing is all of it. */
const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

const knownCosts = (all: readonly Known[]): readonly Decimal[] =>
  all.flatMap(({ cost }) => (cost === undefined ? [] : [cost]));

/** One whose cost nobody knows is the dearest. */
function byCost(all: readonly Known[]) {
  const costs = knownCosts(all);
  const cheapest = costs.length === 0 ? undefined : Amount.min(...costs);
  return ({ cost }: Known): number => {
    if (cost === undefined || cheapest === undefined) return 0;
    return cost.isZero() ? 1 : cheapest.div(cost).toNumber();
  };
}

/** Each part of the score, 0 the best and 1 the worst. */
export function partsOf(all: readonly Known[]): (known: Known) => Readonly<Scoring> {
  const costs = knownCosts(all);
  const dearest = costs.length === 0 ? undefined : Amount.max(...costs);
  const times = all.flatMap(firstTokenMs);
  const [fastest, slowest] = [Math.min(...times), Math.max(...times)];
  const costPart = (cost: Decimal | undefined): number => {
    if (dearest === undefined || dearest.isZero()) return 0;
    return cost === undefined ? 1 : cost.div(dearest).toNumber();
  };
  return ({ observed, cost }) => ({
    load: Math.min(1, loadOf(observed)),
    cost: costPart(cost),
    latency: times.length === 0 ? 0 : share(observed.firstTokenMs ?? fastest, slowest),
    health: observed.errorRate,
  });
}

function byAll(all: readonly Known[], { scoring }: RouteTerms) {
  const parts = partsOf(all);
  const total = scoring.load + scoring.cost + scoring.latency + scoring.health;
  return (known: Known): number => {
    const { load, cost, latency, health } = parts(known);
    const bad =
      scoring.load * load +
      scoring.cost * cost +
      scoring.latency * latency +
      scoring.health * health;
    return 1 - bad / total;
  };
}
