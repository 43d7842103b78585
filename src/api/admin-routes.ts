import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import { Alias } from '../domain/price-list/events.ts';
import type { route as decider } from '../domain/route/decider.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { route } from './route.ts';
import { ShownRoute, shownRoute, termsOf, WrittenRoute } from './route-terms.ts';

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
    params: z.object({ alias: Alias }),
    body: WrittenRoute,
    reply: z.object({ alias: Alias, ...ShownRoute.shape }),
    handle: async ({ caller, params: { alias }, body, request }) => {
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
