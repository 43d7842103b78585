import type { Condition, RoutedCall } from './conditions.ts';
import { unmetBy } from './conditions.ts';
import { comparedIn } from './cost.ts';
import type { Draw } from './draw.ts';
import { placeOf, sessionDraw } from './draw.ts';
import type { Candidate, RouteTerms } from './events.ts';
import type { Absence, Observed } from './observed.ts';
import type { Known } from './score.ts';
import { costOf, scorers, tolerance } from './score.ts';

/** A candidate in its place, and why it is there. */
export interface Ranked extends Known {
  /** 1 is the best there can be, 0 the worst; 0 for one that doesn't take part. */
  readonly score: number;
  /** The condition for which it takes no part, or that a budget has no room for it. */
  readonly unmet: Condition | 'budget' | undefined;
}

export interface RankParts {
  readonly terms: RouteTerms;
  readonly call: RoutedCall;
  readonly observe: (candidate: Candidate) => Observed;
  /** No budget has less left than the call may cost at this candidate; left out: there is no budget. */
  readonly hasRoom?: ((candidate: Candidate) => boolean) | undefined;
  /** For calls that belong to no session. */
  readonly random: Draw;
}

/**
 * The candidates of a call in the order in which they are tried, then those that take no part. Those
 * that are for such calls alone come first, and those that should not be asked now come last: they
 * are asked when nobody else is left. No candidate is named twice.
 */
export function rank({
  terms,
  call,
  observe,
  hasRoom = () => true,
  random,
}: RankParts): readonly Ranked[] {
  const draw = terms.sticky && call.session !== undefined ? sessionDraw(call.session) : random;
  const currency = comparedIn(terms.candidates);
  const all = terms.candidates.map((candidate) => ({
    candidate,
    observed: observe(candidate),
    cost: costOf(candidate, { call, currency }),
    unmet:
      (candidate.conditions && unmetBy(candidate.conditions, call)) ??
      (hasRoom(candidate) ? undefined : ('budget' as const)),
  }));
  const scored = scoredAmong(
    terms,
    all.filter(({ unmet }) => unmet === undefined),
  );
  const out = all.filter(({ unmet }) => unmet !== undefined);
  const order = [...new Set(scored.map(tierOf))].sort((a, b) => a - b);
  const tried = order.flatMap((tier) =>
    inBands(
      scored.filter((each) => tierOf(each) === tier),
      { draw, width: tolerance[terms.strategy] },
    ),
  );
  return once([...tried, ...out.map((each) => ({ ...each, score: 0 }))]);
}

type Unscored = Omit<Ranked, 'score'>;

function scoredAmong(terms: RouteTerms, all: readonly Unscored[]): readonly Ranked[] {
  const score = scorers[terms.strategy](all, terms);
  return all.map((each) => ({ ...each, score: score(each) }));
}

/** The likeliest to answer after all comes first. */
const absences: Readonly<Record<Absence, number>> = { full: 2, cooling_down: 3, circuit_open: 4 };

function tierOf({ candidate, observed: { absence } }: Ranked): number {
  if (absence) return absences[absence];
  return candidate.conditions === undefined ? 1 : 0;
}

interface Banding {
  readonly draw: Draw;
  readonly width: number;
}

/** The best first; among equals as they are drawn. */
function inBands(tier: readonly Ranked[], { draw, width }: Banding): readonly Ranked[] {
  const left = tier.toSorted((a, b) => b.score - a.score);
  const ordered: Ranked[] = [];
  while (left.length > 0) {
    const least = (left[0]?.score ?? 0) - width;
    const end = left.findIndex(({ score }) => score < least);
    const band = left.splice(0, end === -1 ? left.length : end);
    const placed = band.map((each) => ({ each, place: placeOf(each.candidate, draw) }));
    placed.sort((a, b) => a.place - b.place);
    ordered.push(...placed.map(({ each }) => each));
  }
  return ordered;
}

function once(ranked: readonly Ranked[]): readonly Ranked[] {
  const seen = new Set<string>();
  return ranked.filter(({ candidate: { upstream, model } }) => {
    const name = `${upstream}/${model}`;
    return !seen.has(name) && seen.add(name);
  });
}
