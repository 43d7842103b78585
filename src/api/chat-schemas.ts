import { z } from 'zod';
import { ModelName } from './model-name.ts';

/** More than any model writes; what a call may really cost is for the wallet to say. */
export const OutputTokens = z.int().min(0).max(1_000_000).nullish();

/** No model writes less than one token, and some take 0 for no limit at all; undefined: nobody said. */
export const outputLimit = (tokens: z.output<typeof OutputTokens>): number | undefined =>
  typeof tokens === 'number' ? Math.max(1, tokens) : undefined;

export const Switch = z.boolean().nullish();
export const Penalty = z.number().min(-2).max(2).nullish();

const Message = z.looseObject({
  role: z.string().min(1).max(64),
  content: z
    .union([z.string(), z.array(z.looseObject({ type: z.string() })).max(10_000)])
    .nullish(),
  tool_calls: z.array(z.looseObject({})).nullish(),
});

/** What steers whatever a model writes, in chats and before them. */
export const writingWishes = {
  model: ModelName,
  stream: Switch,
  stream_options: z.looseObject({ include_usage: Switch }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: Penalty,
  frequency_penalty: Penalty,
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  user: z.string().nullish(),
};

/** What we must understand of a request; every other field goes to the model as it is. */
export const ChatRequest = z.looseObject({
  ...writingWishes,
  messages: z.array(Message).min(1).max(10_000),
  n: z.int().min(1).max(128).nullish(),
  max_tokens: OutputTokens,
  max_completion_tokens: OutputTokens,
  logprobs: Switch,
  tools: z.array(z.looseObject({})).nullish(),
});

export const UsageReply = z.looseObject({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
});

/** Without `stream`; with it, a `chat.completion.chunk` an event, and `[DONE]` at the end. */
export const ChatReply = z.looseObject({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.looseObject({
      index: z.int(),
      message: z.looseObject({ role: z.literal('assistant'), content: z.string().nullable() }),
      finish_reason: z.string().nullable(),
    }),
  ),
  usage: UsageReply,
});
