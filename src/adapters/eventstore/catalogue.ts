import type { Logger } from 'pino';
import type { ScenarioNames } from '../../domain/budget/scenario-names.ts';
import type { Recorded } from '../../domain/events.ts';
import { streamOf } from '../../domain/streams.ts';
import type { CatalogueRows } from '../postgres/index-rows.ts';
import type { CatalogueState } from './catalogue-state.ts';
import { catalogueState } from './catalogue-state.ts';
import type { IndexFollower } from './index-follower.ts';
import { followIndex } from './index-follower.ts';
import type { Log } from './log.ts';

export interface CatalogueParts {
  readonly log: Pick<Log, 'head' | 'subscribe'>;
  readonly logger: Logger;
  readonly rows: () => Promise<CatalogueRows>;
  readonly clock: () => Date;
  /** Is told those that routes, aliases and client apps name. */
  readonly scenarios: Pick<ScenarioNames, 'write'>;
  readonly staleMs?: number;
}

/** What is sold, at what price, and who answers for it, in memory, at the log's end. */
export interface Catalogue extends IndexFollower, CatalogueState {
  apply(events: readonly Recorded[]): void;
}

export function catalogue({ scenarios, clock, ...parts }: CatalogueParts): Catalogue {
  const { state, fill, apply } = catalogueState({ clock, scenarios });
  const follower = followIndex({
    ...{ ...parts, fill, apply },
    name: 'the catalogue',
    prefixes: [
      ...[streamOf.priceList(''), streamOf.route(''), streamOf.alias('')],
      ...[streamOf.clientApp(''), streamOf.settings()],
    ],
  });
  return {
    ...{ ...follower, ...state },
    apply(events) {
      for (const event of events) apply(event);
    },
  };
}
