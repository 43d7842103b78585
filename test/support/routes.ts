import type { Candidate, RouteTerms } from '../../src/domain/route/events.ts';
import { usualScoring } from '../../src/domain/route/events.ts';
import type { Observed } from '../../src/domain/route/observed.ts';

/** How calls are routed to these: drawn by weight unless said. */
export const routeTo = (
  candidates: readonly Candidate[],
  more: Partial<Omit<RouteTerms, 'candidates'>> = {},
): RouteTerms => ({
  strategy: 'weighted',
  candidates: [...candidates],
  scoring: usualScoring,
  sticky: false,
  ...more,
});

/** An upstream of which nothing is known. */
export const unseen: Observed = {
  ...{ inFlight: 0, capacity: null, firstTokenMs: undefined },
  ...{ errorRate: 0, absence: undefined },
};
