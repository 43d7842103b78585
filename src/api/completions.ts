import { z } from 'zod';
import { OutputTokens, outputLimit, Switch, UsageReply, writingWishes } from './chat-schemas.ts';
import type { ModelCallParts } from './model-call.ts';
import { limitBytes, modelCall } from './model-call.ts';
import { modelReply } from './model-reply.ts';
import type { Route } from './route.ts';
import { route } from './route.ts';

const mostPrompts = 2_048;
const Text = z.string();
/** Far more than any model reads at once. */
const mostTokens = 131_072;
const Tokens = z.array(z.int().min(0)).min(1).max(mostTokens);

/** A text or its tokens, or several of either. */
export const Texts = z.union([
  Text,
  z.array(Text).min(1).max(mostPrompts),
  Tokens,
  z.array(Tokens).min(1).max(mostPrompts),
]);

const Times = z.int().min(1).max(128).nullish();

const CompletionRequest = z.looseObject({
  ...writingWishes,
  prompt: Texts,
  n: Times,
  best_of: Times,
  max_tokens: OutputTokens,
  suffix: z.string().nullish(),
  echo: Switch,
  logprobs: z.int().min(0).nullish(),
});

/** Without `stream`; with it, the same object an event, and `[DONE]` at the end. */
const CompletionReply = z.looseObject({
  id: z.string(),
  object: z.literal('text_completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({ index: z.int(), text: z.string(), finish_reason: z.string().nullable() }),
  ),
  usage: UsageReply,
});

/** `POST /v1/completions`: the older way to ask, still in use. */
export const completions = (parts: ModelCallParts): Route =>
  route({
    method: 'POST',
    path: '/v1/completions',
    who: 'key',
    summary: 'Have a model go on with a text; streams when `stream` is true',
    body: CompletionRequest,
    limitBytes,
    reply: CompletionReply,
    async handle({ caller, body, request }) {
      const made = await modelCall(parts, { caller, request }, callOf(body));
      return modelReply({ ...parts, made, request });
    },
  });

const callOf = (body: z.output<typeof CompletionRequest>) => ({
  endpoint: 'completions' as const,
  model: body.model,
  body,
  stream: body.stream ?? false,
  // Of the best, those that are not shown are written as well.
  n: promptsIn(body.prompt) * Math.max(body.n ?? 1, body.best_of ?? 1),
  outputTokens: outputLimit(body.max_tokens),
  wantsUsage: body.stream_options?.include_usage ?? false,
});

const promptsIn = (prompt: z.output<typeof Texts>): number =>
  Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
