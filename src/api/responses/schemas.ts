import { z } from 'zod';
import { ModelName } from '../model-name.ts';
import { Input } from './input-items.ts';

const Switch = z.boolean().nullish();
const Text = z.string().nullish();

/** Run by the caller, or by the provider: which of them is for `responses-tools.ts` to say. */
const Tool = z.looseObject({
  type: z.string().min(1).max(64),
  name: z.string().min(1).max(128).optional(),
  description: Text,
  parameters: z.looseObject({}).nullish(),
  strict: Switch,
  format: z
    .looseObject({ type: z.string(), syntax: z.string().optional(), definition: Text })
    .nullish(),
});
export type Tool = z.output<typeof Tool>;

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.looseObject({
    type: z.string(),
    name: z.string().optional(),
    mode: z.string().optional(),
    tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional() })).optional(),
  }),
]);
export type ToolChoice = z.output<typeof ToolChoice>;

const Format = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    name: z.string().min(1).max(64),
    description: z.string().optional(),
    schema: z.looseObject({}),
    strict: Switch,
  }),
]);

/** What OpenAI's clients send; a field that isn't here goes to the model as it is, save those that `responses-to-chat.ts` names. */
export const ResponsesRequest = z.looseObject({
  model: ModelName,
  input: Input,
  instructions: Text,
  tools: z.array(Tool).max(10_000).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: Switch,
  text: z.looseObject({ format: Format.nullish(), verbosity: Text }).nullish(),
  reasoning: z.looseObject({ effort: Text, summary: Text, mode: Text }).nullish(),
  max_output_tokens: z.int().min(1).max(1_000_000).nullish(),
  max_tool_calls: z.int().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  include: z.array(z.string()).nullish(),
  store: Switch,
  stream: Switch,
  stream_options: z.looseObject({}).nullish(),
  background: Switch,
  prompt_cache_key: Text,
  prompt_cache_retention: Text,
  prompt_cache_options: z.looseObject({}).nullish(),
  safety_identifier: Text,
  user: z.string().nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  service_tier: Text,
});
export type ResponsesRequest = z.output<typeof ResponsesRequest>;

/** Without `stream`; with it, events from `response.created` to `response.completed`. */
export const ResponsesReply = z.looseObject({
  id: z.string(),
  object: z.literal('response'),
  created_at: z.int(),
  status: z.enum(['completed', 'incomplete']),
  model: z.string(),
  output: z.array(z.looseObject({ type: z.string(), id: z.string() })),
  incomplete_details: z.looseObject({ reason: z.string() }).nullable(),
  error: z.null(),
  usage: z.looseObject({
    input_tokens: z.int(),
    output_tokens: z.int(),
    total_tokens: z.int(),
  }),
});
