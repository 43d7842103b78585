import { z } from 'zod';
import type { Catalogue } from '../adapters/eventstore/catalogue.ts';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { clientApp } from '../domain/client-app/decider.ts';
import { ClientAppId, ClientAppTerms, plainClientApp } from '../domain/client-app/events.ts';
import { streamOf } from '../domain/streams.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { listOf, wholeList } from './reads.ts';
import { route } from './route.ts';

/** What this process knows of client apps. */
export type ClientAppView = Pick<Catalogue, 'clientApps'>;

export interface ClientAppOrderParts {
  readonly run: RunnerOf<typeof clientApp>['run'];
  readonly clock: () => Date;
}

const { scenario } = ClientAppTerms.shape;
const params = z.object({ id: ClientAppId });
const ShownClientApp = z.object({ id: ClientAppId, ...ClientAppTerms.shape });

export const listClientApps = ({ clientApps }: ClientAppView) =>
  route({
    method: 'GET',
    path: '/api/admin/client-apps',
    who: 'admin',
    summary: 'Every client app of which something was said: what its calls take',
    reply: listOf(ShownClientApp),
    handle: () => ({
      body: wholeList([...clientApps()].map(([id, terms]) => ({ id, ...terms })).toSorted(byId)),
    }),
  });

export const getClientApp = ({ clientApps }: ClientAppView) =>
  route({
    method: 'GET',
    path: '/api/admin/client-apps/:id',
    who: 'admin',
    summary: 'What the calls of a client app take where they say nothing',
    params,
    reply: ShownClientApp,
    handle({ params: { id } }) {
      const terms = clientApps().get(id);
      if (!terms) throw new ApiError('client_app_not_found');
      return { body: { id, ...terms } };
    },
  });

/** Says what the calls of a client app take where they say nothing, from the next one on. */
export const putClientApp = ({ run, clock }: ClientAppOrderParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/client-apps/:id',
    who: 'admin',
    summary: 'Set the scenario of a client app’s calls for which nobody else names one',
    params,
    body: z.strictObject({ scenario }),
    reply: ShownClientApp,
    handle: async ({ caller, params: { id }, body: changes, request }) => {
      const { state, position } = await run(
        streamOf.clientApp(id),
        () => ({ type: 'ChangeClientApp', clientApp: id, changes }),
        commandContext({ caller, request }, clock, 'change-client-app'),
      );
      return { body: { id, ...(state.terms ?? plainClientApp) }, position };
    },
  });

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : 1;
