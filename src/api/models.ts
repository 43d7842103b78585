import { z } from 'zod';
import { ApiError } from './errors.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';

export interface ModelsParts {
  /** The aliases that have a price and a route. */
  readonly aliases: () => readonly string[];
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

/** `GET /v1/models`: what may be asked for in `model`. */
export const models = ({ aliases }: ModelsParts): Route =>
  route({
    method: 'GET',
    path: '/v1/models',
    who: 'key',
    summary: 'The models there are',
    reply: z.object({ object: z.literal('list'), data: z.array(Model) }),
    handle: () => ({ body: { object: 'list' as const, data: [...aliases()].sort().map(modelOf) } }),
  });

/** `GET /v1/models/:model`. */
export const model = ({ aliases }: ModelsParts): Route =>
  route({
    method: 'GET',
    path: '/v1/models/:model',
    who: 'key',
    summary: 'One model',
    params: z.object({ model: z.string() }),
    reply: Model,
    handle({ params }) {
      if (aliases().includes(params.model)) return { body: modelOf(params.model) };
      throw new ApiError('model_not_found', { param: 'model', values: { model: params.model } });
    },
  });
