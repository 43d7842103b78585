import type { Decider } from '../decider.ts';
import type { Candidate, RouteEvent } from './events.ts';

export interface ChangeRoute {
  readonly type: 'ChangeRoute';
  readonly alias: string;
  readonly candidates: readonly Candidate[];
}

interface Route {
  readonly candidates: readonly Candidate[];
}

/** Which upstream models stand behind an alias. */
export const route: Decider<ChangeRoute, RouteEvent, Route> = {
  initialState: { candidates: [] },
  decide({ alias, candidates }, current) {
    if (sameCandidates(current.candidates, candidates)) return [];
    return [{ type: 'RouteChanged', data: { alias, candidates: [...candidates] } }];
  },
  evolve(_, { data }) {
    return { candidates: data.candidates };
  },
};

const sameCandidates = (a: readonly Candidate[], b: readonly Candidate[]): boolean =>
  a.length === b.length &&
  a.every((each, index) => {
    const other = b[index];
    return (
      other !== undefined &&
      each.upstream === other.upstream &&
      each.model === other.model &&
      each.weight === other.weight
    );
  });
