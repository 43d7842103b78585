import { z } from 'zod';
import type { RunnerOf } from '../adapters/eventstore/execute.ts';
import type { KnownUpstream } from '../adapters/llm/live-upstreams.ts';
import type { UpstreamState } from '../adapters/llm/upstream-watch.ts';
import type { UpstreamKeys } from '../adapters/vault/upstream-keys.ts';
import { sandboxId } from '../domain/route/default-route.ts';
import { UpstreamName } from '../domain/route/events.ts';
import { streamOf } from '../domain/streams.ts';
import { baseUrlFault } from '../domain/upstream/base-url.ts';
import type { upstream } from '../domain/upstream/decider.ts';
import { UpstreamKind, UpstreamTerms } from '../domain/upstream/events.ts';
import type { RouteView } from './admin-routes.ts';
import { commandContext } from './command-context.ts';
import { ApiError } from './errors.ts';
import { listOf, wholeList } from './reads.ts';
import { route } from './route.ts';

/** What this process knows and sees of upstreams. */
export interface UpstreamView {
  known(): readonly KnownUpstream[];
  state(id: string): UpstreamState;
  /** What was changed here is what the next call finds. */
  settled(): Promise<void>;
}

export interface UpstreamParts {
  readonly run: RunnerOf<typeof upstream>;
  readonly keys: UpstreamKeys;
  readonly view: UpstreamView;
  /** Where such a provider is, when nobody says; undefined: somebody must. */
  readonly usualBaseUrl: (kind: UpstreamKind) => string | undefined;
  readonly allowsLinkLocal: boolean;
  readonly clock: () => Date;
}

/** Goes into a header as it is. */
const ApiKey = z.string().regex(/^[\x21-\x7e]{1,2000}$/, '1 to 2,000 visible ASCII characters');

const WrittenUpstream = z
  .strictObject({
    kind: UpstreamKind,
    base_url: z.string().min(1).max(2_000).optional(),
    api_key: ApiKey.optional(),
    api_keys: z.array(ApiKey).min(1).max(50).optional(),
    capacity: UpstreamTerms.shape.capacity.default(null),
    enabled: z.boolean().default(true),
  })
  .refine(({ api_key, api_keys }) => api_key === undefined || api_keys === undefined, {
    path: ['api_keys'],
    message: 'either `api_key` or `api_keys`',
  });

const ShownKey = z.object({ id: z.string(), fingerprint: z.string() });

const ShownUpstream = z.object({
  id: UpstreamName,
  kind: UpstreamKind,
  base_url: z.string(),
  capacity: z.int().nullable(),
  enabled: z.boolean(),
  keys: z.array(ShownKey),
});

const shown = (id: string, { kind, baseUrl, capacity, enabled, keys }: UpstreamTerms) => ({
  ...{ id, kind, base_url: baseUrl, capacity, enabled },
  keys: keys.map(({ keyId, fingerprint }) => ({ id: keyId, fingerprint })),
});

/** Sets up an upstream; calls in flight end where they began, and the next one finds the new one. */
export const putUpstream = (parts: UpstreamParts) =>
  route({
    method: 'PUT',
    path: '/api/admin/upstreams/:id',
    who: 'admin',
    summary: 'Set up an upstream; without a key it keeps those that it has',
    params: z.object({ id: UpstreamName.refine((id) => id !== sandboxId, 'is built in') }),
    body: WrittenUpstream,
    reply: ShownUpstream,
    handle: async ({ caller, params: { id }, body, request }) => {
      const { kind, capacity, enabled } = body;
      const baseUrl = usableBaseUrl(body, parts);
      const stream = streamOf.upstream(id);
      const apiKeys = body.api_keys ?? (body.api_key === undefined ? undefined : [body.api_key]);
      // The vault first: an event never names a key that isn't there.
      const { terms: before } = (await parts.run.load(stream)).state;
      const keys = apiKeys && (await parts.keys.keep(id, apiKeys, before?.keys ?? []));
      const { state, position } = await parts.run.run(
        stream,
        () => ({ type: 'ChangeUpstream', id, kind, baseUrl, capacity, enabled, keys }),
        commandContext({ caller, request }, parts.clock, 'change-upstream'),
      );
      await parts.view.settled();
      if (!state.terms) throw new Error(`The upstream ${id} has no terms after its change.`);
      return { body: shown(id, state.terms), position };
    },
  });

export interface UpstreamRemovalParts extends Pick<UpstreamParts, 'run' | 'view' | 'clock'> {
  readonly routes: RouteView['routes'];
}

/** Takes an upstream away that no route names; what it is in the middle of it finishes. */
export const removeUpstream = ({ run: { run, load }, view, routes, clock }: UpstreamRemovalParts) =>
  route({
    method: 'DELETE',
    path: '/api/admin/upstreams/:id',
    who: 'admin',
    summary: 'Remove an upstream that no route names, and its keys with it',
    params: z.object({ id: UpstreamName }),
    status: 204,
    reply: z.undefined(),
    handle: async ({ caller, params: { id }, request }) => {
      const stream = streamOf.upstream(id);
      if ((await load(stream)).revision === null) {
        throw new ApiError('upstream_not_found', { values: { upstream: id } });
      }
      const aliases = [...routes()]
        .filter(([, { candidates }]) => candidates.some(({ upstream }) => upstream === id))
        .map(([alias]) => alias);
      if (aliases.length > 0) {
        const values = { upstream: id, aliases: aliases.toSorted().join(', ') };
        throw new ApiError('upstream_in_use', { values });
      }
      const { position } = await run(
        stream,
        () => ({ type: 'RemoveUpstream', id }),
        commandContext({ caller, request }, clock, 'remove-upstream'),
      );
      await view.settled();
      return { body: undefined, position };
    },
  });

function usableBaseUrl(
  { kind, base_url: written }: z.output<typeof WrittenUpstream>,
  { usualBaseUrl, allowsLinkLocal }: UpstreamParts,
): string {
  const param = 'base_url';
  const baseUrl = written ?? usualBaseUrl(kind);
  if (baseUrl === undefined)
    throw new ApiError('invalid_request', { param, why: 'base_url_needed' });
  const why = baseUrlFault(baseUrl, allowsLinkLocal);
  if (why) throw new ApiError('invalid_request', { param, why });
  return baseUrl.replace(/\/+$/, '');
}

/** `off`: no call is sent to it. `failing`: it is left alone. `unavailable`: its keys can't be read. */
const Health = z.enum(['up', 'failing', 'off', 'unavailable']);

const ListedUpstream = ShownUpstream.extend({
  kind: z.enum([...UpstreamKind.options, 'sandbox']),
  base_url: z.string().nullable(),
  keys: z.array(ShownKey.extend({ resting: z.boolean() })),
  source: z.enum(['built_in', 'environment', 'log']),
  in_flight: z.int(),
  health: Health,
});

export const listUpstreams = ({ view }: Pick<UpstreamParts, 'view'>) =>
  route({
    method: 'GET',
    path: '/api/admin/upstreams',
    who: 'admin',
    summary: 'Every upstream, and how this process sees it; keys are shown by fingerprint',
    reply: listOf(ListedUpstream),
    handle: () => ({
      body: wholeList(view.known().map((each) => listed(each, view.state(each.id)))),
    }),
  });

export const getUpstream = ({ view }: Pick<UpstreamParts, 'view'>) =>
  route({
    method: 'GET',
    path: '/api/admin/upstreams/:id',
    who: 'admin',
    summary: 'An upstream, and how this process sees it',
    params: z.object({ id: UpstreamName }),
    reply: ListedUpstream,
    handle({ params: { id } }) {
      const known = view.known().find((each) => each.id === id);
      if (!known) throw new ApiError('upstream_not_found', { values: { upstream: id } });
      return { body: listed(known, view.state(id)) };
    },
  });

function listed(known: KnownUpstream, state: UpstreamState): z.output<typeof ListedUpstream> {
  const { id, source, terms } = known;
  const seen = { source, in_flight: state.inFlight, health: healthOf(known, state) };
  if (!terms) {
    const builtIn = { kind: 'sandbox', base_url: null, capacity: null, enabled: true } as const;
    return { id, ...builtIn, keys: [], ...seen };
  }
  const { keys, ...rest } = shown(id, terms);
  return {
    ...rest,
    keys: keys.map((key) => ({ ...key, resting: known.resting.includes(key.id) })),
    ...seen,
  };
}

function healthOf(
  { terms, isOpen }: KnownUpstream,
  { fails }: UpstreamState,
): z.output<typeof Health> {
  if (terms?.enabled === false) return 'off';
  if (!isOpen) return 'unavailable';
  return fails ? 'failing' : 'up';
}
