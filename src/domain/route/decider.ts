import type { Decider } from '../decider.ts';
import type { RouteEvent } from './events.ts';
import { RouteTerms } from './events.ts';

export interface ChangeRoute extends RouteTerms {
  readonly type: 'ChangeRoute';
  readonly alias: string;
}

interface RemoveRoute {
  readonly type: 'RemoveRoute';
  readonly alias: string;
}

interface Route {
  readonly terms?: RouteTerms;
}

/** Which upstream models stand behind an alias, and how one of them is chosen. */
export const route: Decider<ChangeRoute | RemoveRoute, RouteEvent, Route> = {
  initialState: {},
  decide(command, { terms }) {
    switch (command.type) {
      case 'ChangeRoute':
        return change(command, terms);
      case 'RemoveRoute':
        return terms ? [{ type: 'RouteRemoved', data: { alias: command.alias } }] : [];
    }
  },
  evolve(_, event) {
    switch (event.type) {
      case 'RouteChanged':
        return { terms: event.data };
      case 'RouteRemoved':
        return {};
    }
  },
};

function change(
  { alias, strategy, candidates, scoring, sticky, hangUp }: ChangeRoute,
  terms: RouteTerms | undefined,
): readonly RouteEvent[] {
  const changed = { strategy, candidates, scoring, sticky, ...(hangUp && { hangUp }) };
  if (terms && said(terms) === said(changed)) return [];
  return [{ type: 'RouteChanged', data: { alias, ...changed } }];
}

/** The schema puts the fields in one order, and leaves out what says nothing. */
const said = (terms: RouteTerms): string => JSON.stringify(RouteTerms.parse(terms));
