import { z } from 'zod';
import type { Recorded } from '../domain/events.ts';
import { Instant } from '../domain/ids.ts';
import type { PageOf } from './page.ts';
import { cursor, page } from './page.ts';
import { first, projection } from './projection.ts';
import { fragment, query } from './query.ts';

/** What an administrator changes live. */
export const ConfigNoun = z.enum([
  'alias',
  'model',
  'route',
  'client_app',
  'settings',
  'upstream',
  'budget',
]);
type ConfigNoun = z.infer<typeof ConfigNoun>;

const changed = ({ position, meta, data }: Recorded, noun: ConfigNoun, id: string) => ({
  position,
  noun,
  id,
  at: meta.recordedAt,
  actor_type: meta.actor.type,
  actor_id: meta.actor.id,
  request_id: meta.$correlationId,
  said: data,
});

/** What is no more says so; its event has little else to say. */
const ended = (event: Recorded, noun: ConfigNoun, id: string) => ({
  ...changed(event, noun, id),
  said: { ...event.data, withdrawn: true },
});

export const configChanges = projection(
  'config_changes',
  {
    meaning:
      'One row a change of what is sold, how it is routed, who answers, or what that may cost: who, when, what.',
    group: 'analytics',
    version: 3,
    key: { position: 'bigint' },
    columns: {
      noun: first(
        'text',
        '`alias`, `model`, `route`, `client_app`, `settings`, `upstream` or `budget`',
      ),
      id: first(
        'text',
        'which of them: an alias, the name of a client app, an upstream or a budget, or `settings`',
      ),
      at: first('timestamptz', 'when it was changed'),
      actor_type: first('text', 'who did it: `admin`, or `system` for what a new installation has'),
      actor_id: first('text', 'which of them'),
      request_id: first('text', 'the request that asked for it'),
      said: first(
        'jsonb',
        'all that holds from then on, as the event says it; of a model, route or upstream that is no more also `withdrawn`',
      ),
    },
    indexes: ['(noun, id, position)'],
  },
  {
    AliasChanged: (event) => [changed(event, 'alias', event.data.alias)],
    ClientAppChanged: (event) => [changed(event, 'client_app', event.data.clientApp)],
    SettingsChanged: (event) => [changed(event, 'settings', event.stream)],
    PriceListPublished: (event) => [changed(event, 'model', event.data.alias)],
    AliasWithdrawn: (event) => [ended(event, 'model', event.data.alias)],
    RouteChanged: (event) => [changed(event, 'route', event.data.alias)],
    RouteRemoved: (event) => [ended(event, 'route', event.data.alias)],
    UpstreamChanged: (event) => [changed(event, 'upstream', event.data.id)],
    UpstreamRemoved: (event) => [ended(event, 'upstream', event.data.id)],
    BudgetSet: (event) => [changed(event, 'budget', event.data.budgetId)],
    BudgetEnded: (event) => [changed(event, 'budget', event.data.budgetId)],
  },
);

const Position = z.string().regex(/^\d{1,18}$/);
const Said = z.record(z.string(), z.unknown());

export const ConfigChange = z.object({
  position: Position,
  noun: ConfigNoun,
  id: z.string(),
  at: Instant,
  actor_type: z.string(),
  actor_id: z.string(),
  request_id: z.string(),
  /** What held until then; null: there was none. */
  before: Said.nullable(),
  after: Said,
});
export type ConfigChange = z.infer<typeof ConfigChange>;
export const ConfigCursor = cursor(z.tuple([Position]));

export interface ChangeFilter {
  readonly noun?: ConfigNoun | undefined;
  readonly id?: string | undefined;
}

/** Changes, the newest first, each beside what held before it. */
export const listChanges = (
  { noun, id }: ChangeFilter,
  { limit, after }: PageOf<z.infer<typeof ConfigCursor>>,
) =>
  query(ConfigChange)`
    SELECT * FROM (
      SELECT position::text AS position, position AS place, noun, id, at, actor_type, actor_id,
             request_id, lag(said) OVER (PARTITION BY noun, id ORDER BY position) AS before,
             said AS after
      FROM read.config_changes
      WHERE ${noun === undefined ? fragment`TRUE` : fragment`noun = ${noun}`}
        AND ${id === undefined ? fragment`TRUE` : fragment`id = ${id}`}
    ) AS changes
    WHERE ${after ? fragment`place < ${after[0]}::bigint` : fragment`TRUE`}
    ORDER BY place DESC LIMIT ${limit + 1}`;

export const changesPage = (rows: readonly ConfigChange[], wanted: PageOf<unknown>) =>
  page(rows, wanted, (row) => [row.position]);
