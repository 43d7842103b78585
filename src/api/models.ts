import { z } from 'zod';
import type { KeyCaller } from './caller.ts';
import { ApiError } from './errors.ts';
import { mayUse } from './permission.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';

export interface ModelsParts {
  /** The aliases that have a price and a route. */
  readonly aliases: () => readonly string[];
  /** Somebody who is set up may answer for it; absent: so it is for all. */
  readonly isOffered?: (alias: string) => boolean;
  /** By which a plan is over; the machine's unless said. */
  readonly clock?: () => Date;
}

const Model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
});

/** OpenAI's field; when an alias was made is nobody's business. */
const created = Date.UTC(2026, 0, 1) / 1_000;

const modelOf = (id: string): z.infer<typeof Model> => ({
  id,
  object: 'model',
  created,
  owned_by: 'llm-member',
});

function offered(
  { aliases, isOffered = () => true, clock = () => new Date() }: ModelsParts,
  caller: KeyCaller,
) {
  const now = clock();
  return aliases().filter((alias) => mayUse(caller, alias, now) && isOffered(alias));
}

/** `GET /v1/models`: what may be asked for in `model`. */
export const models = (parts: ModelsParts): Route =>
  route({
    method: 'GET',
    path: '/v1/models',
    who: 'key',
    summary: 'The models that this key may ask for',
    reply: z.object({ object: z.literal('list'), data: z.array(Model) }),
    handle: ({ caller }) => ({
      body: { object: 'list' as const, data: offered(parts, caller).sort().map(modelOf) },
    }),
  });

/** `GET /v1/models/:model`; a name may have slashes in it, written as they are or encoded. */
export const model = (parts: ModelsParts): Route =>
  route({
    method: 'GET',
    path: '/v1/models/:model*',
    who: 'key',
    summary: 'One model',
    params: z.object({ model: z.string() }),
    reply: Model,
    handle({ caller, params }) {
      if (offered(parts, caller).includes(params.model)) return { body: modelOf(params.model) };
      throw new ApiError('model_not_found', { param: 'model', values: { model: params.model } });
    },
  });
