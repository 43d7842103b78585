import { z } from 'zod';
import type { Catalogue } from '../adapters/eventstore/catalogue.ts';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Alias } from '../domain/price-list/events.ts';
import type { route as decider } from '../domain/route/decider.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { listOf, wholeList } from './reads.ts';
import { route } from './route.ts';
import { ShownRoute, shownRoute, termsOf, WrittenRoute } from './route-terms.ts';

const params = z.object({ alias: Alias });
const Listed = z.object({ alias: Alias, ...ShownRoute.shape });

/** Says which upstream models stand behind an alias, and how one is chosen, from the next call on. */
export const putRoute = ({
  run,
  upstreams,
  clock,
}: {
  readonly run: RunnerOf<typeof decider>['run'];
  /** The names that a route may use now, and of those that are switched off. */
  readonly upstreams: () => readonly string[];
  readonly clock: () => Date;
}) =>
  route({
    method: 'PUT',
    path: '/api/admin/routes/:alias',
    who: 'admin',
    summary: 'Set the upstream models behind a model alias',
    params,
    // What was read may be written back as it is.
    body: WrittenRoute.extend({ alias: Alias.optional() }),
    reply: Listed,
    handle: async ({ caller, params: { alias }, body, request }) => {
      if (body.alias !== undefined && body.alias !== alias) {
        throw new ApiError('invalid_request', { param: 'alias', why: 'alias_of_path' });
      }
      const terms = termsOf(body);
      const known = upstreams();
      for (const [index, { upstream }] of terms.candidates.entries()) {
        if (!known.includes(upstream)) throw unknownUpstream(upstream, index, known);
      }
      const { position } = await run(
        streamOf.route(alias),
        () => ({ type: 'ChangeRoute', alias, ...terms }),
        commandContext({ caller, request }, clock, 'change-route'),
      );
      return { body: { alias, ...shownRoute(terms) }, position };
    },
  });

const unknownUpstream = (upstream: string, index: number, known: readonly string[]): ApiError =>
  new ApiError('unknown_upstream', {
    param: `candidates[${index}].upstream`,
    values: { upstream, known: known.join(', ') },
  });

/** What this process knows of routes. */
export type RouteView = Pick<Catalogue, 'routes' | 'routeOf'>;

export const listRoutes = ({ routes }: RouteView) =>
  route({
    method: 'GET',
    path: '/api/admin/routes',
    who: 'admin',
    summary: 'Every route, as it may be written back',
    reply: listOf(Listed),
    handle: () => ({
      body: wholeList(
        [...routes()]
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([alias, terms]) => ({ alias, ...shownRoute(terms) })),
      ),
    }),
  });

export const getRoute = ({ routeOf }: RouteView) =>
  route({
    method: 'GET',
    path: '/api/admin/routes/:alias',
    who: 'admin',
    summary: 'The upstream models behind a model alias, as they may be written back',
    params,
    reply: Listed,
    handle({ params: { alias } }) {
      const terms = routeOf(alias);
      if (!terms) throw noRoute(alias);
      return { body: { alias, ...shownRoute(terms) } };
    },
  });

/** Takes an alias' route away: who answers for aliases without one answers for it, while it is for sale. */
export const removeRoute = ({
  route: { run, load },
  clock,
}: {
  readonly route: RunnerOf<typeof decider>;
  readonly clock: () => Date;
}) =>
  route({
    method: 'DELETE',
    path: '/api/admin/routes/:alias',
    who: 'admin',
    summary: 'Let whoever answers by default answer for a model alias',
    params,
    status: 204,
    reply: z.undefined(),
    handle: async ({ caller, params: { alias }, request }) => {
      const stream = streamOf.route(alias);
      if ((await load(stream)).revision === null) throw noRoute(alias);
      const { position } = await run(
        stream,
        () => ({ type: 'RemoveRoute', alias }),
        commandContext({ caller, request }, clock, 'remove-route'),
      );
      return { body: undefined, position };
    },
  });

const noRoute = (alias: string): ApiError =>
  new ApiError('route_not_found', { param: 'alias', values: { model: alias } });
