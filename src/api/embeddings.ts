import { z } from 'zod';
import { Texts } from './completions.ts';
import type { ModelCallParts } from './model-call.ts';
import { limitBytes, modelCall } from './model-call.ts';
import { ModelName } from './model-name.ts';
import { modelReply } from './model-reply.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';

const EmbeddingRequest = z.looseObject({
  model: ModelName,
  input: Texts,
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).nullish(),
  user: z.string().nullish(),
});

const EmbeddingReply = z.looseObject({
  object: z.literal('list'),
  data: z.array(
    z.looseObject({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: z.looseObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
});

/** `POST /v1/embeddings`. */
export const embeddings = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/embeddings',
    who: 'key',
    summary: 'Texts as vectors',
    body: EmbeddingRequest,
    limitBytes,
    reply: EmbeddingReply,
    async handle({ caller, body, request }) {
      const asked = { ...readOnly, endpoint: 'embeddings' as const, model: body.model, body };
      const made = await modelCall(parts, { caller, request }, asked);
      return modelReply({ ...parts, made, request });
    },
  });

/** Of a call whose model only reads. */
export const readOnly = { stream: false, n: 1, outputTokens: undefined, wantsUsage: false };
