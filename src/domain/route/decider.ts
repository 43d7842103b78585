import type { Decider } from '../decider.ts';
import type { RouteEvent } from './events.ts';
import { RouteTerms } from './events.ts';

export interface ChangeRoute extends RouteTerms {
  readonly type: 'ChangeRoute';
  readonly alias: string;
}

interface Route {
  readonly terms?: RouteTerms;
}

/** Which upstream models stand behind an alias, and how one of them is chosen. */
export const route: Decider<ChangeRoute, RouteEvent, Route> = {
  initialState: {},
  decide({ alias, strategy, candidates, scoring, sticky, hangUp }, { terms }) {
    const changed = { strategy, candidates, scoring, sticky, ...(hangUp && { hangUp }) };
    if (terms && said(terms) === said(changed)) return [];
    return [{ type: 'RouteChanged', data: { alias, ...changed } }];
  },
  evolve(_, { data }) {
    return { terms: data };
  },
};

/** The schema puts the fields in one order, and leaves out what says nothing. */
const said = (terms: RouteTerms): string => JSON.stringify(RouteTerms.parse(terms));
