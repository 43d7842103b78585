import { z } from 'zod';
import { readOnly } from './embeddings.ts';
import type { AliasParts, ModelCallParts } from './model-call.ts';
import { limitBytes, modelCall } from './model-call.ts';
import { modelReply } from './model-reply.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';

const mostTexts = 2_048;

/** OpenAI's own name, for who names none; where nobody sells it, the default alias is asked. */
const usualModel = 'omni-moderation-latest';

const ModerationRequest = z.looseObject({
  model: z.string().min(1).max(256).optional(),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(mostTexts),
    z
      .array(z.looseObject({ type: z.string() }))
      .min(1)
      .max(mostTexts),
  ]),
});

const ModerationReply = z.looseObject({
  id: z.string(),
  model: z.string(),
  results: z.array(z.looseObject({ flagged: z.boolean() })),
});

/** `POST /v1/moderations`. */
export const moderations = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/moderations',
    who: 'key',
    summary: 'Whether texts are harmful',
    body: ModerationRequest,
    limitBytes,
    reply: ModerationReply,
    async handle({ caller, body, request }) {
      const model = body.model ?? usualIn(parts);
      const asked = { ...readOnly, endpoint: 'moderations' as const, model, body };
      const made = await modelCall(parts, { caller, request }, asked);
      return modelReply({ ...parts, made, request });
    },
  });

function usualIn({ aliasFor = (name) => name }: AliasParts): string | undefined {
  const isSold = aliasFor(usualModel) !== undefined || aliasFor(undefined) === undefined;
  return isSold ? usualModel : undefined;
}
