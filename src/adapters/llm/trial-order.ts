import type { Candidate } from '../../domain/route/events.ts';

/**
 * The order in which candidates are tried: each place is drawn from those left, by weight.
 * `random` gives numbers in [0, 1).
 */
export function trialOrder(
  candidates: readonly Candidate[],
  random: () => number,
): readonly Candidate[] {
  const left = [...candidates];
  const order: Candidate[] = [];
  while (left.length > 1) order.push(...left.splice(draw(left, random()), 1));
  return [...order, ...left];
}

function draw(candidates: readonly Candidate[], at: number): number {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  let ahead = at * total;
  const index = candidates.findIndex(({ weight }) => {
    ahead -= weight;
    return ahead < 0;
  });
  return index === -1 ? candidates.length - 1 : index;
}
