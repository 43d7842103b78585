import { z } from 'zod';
import { Thoughts } from '../chat-thoughts.ts';

const Text = z.string().nullish().catch(undefined);

const Call = z.looseObject({
  index: z.int().min(0).optional(),
  id: Text,
  function: z.looseObject({ name: Text, arguments: Text }).nullish(),
  custom: z.looseObject({ name: Text, input: Text }).nullish(),
});

const Said = Thoughts.extend({
  content: Text,
  refusal: Text,
  tool_calls: z.array(Call).nullish().catch(undefined),
});
/** What a delta says, or a message. */
export type Said = z.output<typeof Said>;

const Logprob = z.looseObject({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int()).nullish(),
});
export type Logprob = z.output<typeof Logprob>;
const Logprobs = z.looseObject({
  content: z.array(Logprob.extend({ top_logprobs: z.array(Logprob).nullish() })).nullish(),
});
export type Logprobs = z.output<typeof Logprobs>;

const Choice = z.looseObject({
  index: z.int().default(0),
  delta: Said.nullish(),
  message: Said.nullish(),
  logprobs: Logprobs.nullish().catch(undefined),
  finish_reason: Text,
});

/** What is read of a chunk of a chat completion, or of a whole one. */
export const Chunk = z.looseObject({
  choices: z.array(Choice).catch([]),
  usage: z.unknown().optional(),
  /** Of any other name only a provider knows. */
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority']).nullish().catch(undefined),
});
