import { z } from 'zod';
import { ModelName } from '../model-name.ts';

/** Nullable wherever a client may write that it wishes nothing. */
const CacheControl = z.looseObject({ type: z.literal('ephemeral') }).nullish();
const Id = z.string().regex(/^[a-zA-Z0-9_-]{1,256}$/);
const Base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);
const Unit = z.number().min(0).max(1).nullish();

/** A bare text stands for one block of text. */
const blocksOf = <Schema extends z.ZodType>(block: Schema) =>
  z.preprocess(
    (given) => (typeof given === 'string' ? [{ type: 'text', text: given }] : given),
    z.array(block).max(10_000),
  );

const TextBlock = z.looseObject({
  type: z.literal('text'),
  text: z.string(),
  cache_control: CacheControl,
});
const ImageBlock = z.looseObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('base64'),
      media_type: z.enum(['image/jpeg', 'image/png', 'image/gif', 'image/webp']),
      data: Base64,
    }),
    z.object({ type: z.literal('url'), url: z.url({ protocol: /^https$/ }) }),
  ]),
  cache_control: CacheControl,
});
/** An address would have to be fetched, and a `file` is kept in the operator's own account. */
const DocumentBlock = z.looseObject({
  type: z.literal('document'),
  source: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('base64'),
      media_type: z.literal('application/pdf'),
      data: Base64,
    }),
    z.object({
      type: z.literal('text'),
      media_type: z.literal('text/plain'),
      data: z.string().min(1),
    }),
    z.object({ type: z.literal('content'), content: blocksOf(TextBlock) }),
  ]),
  title: z.string().nullish(),
  context: z.string().nullish(),
  /** Answers have no place for any. */
  citations: z.looseObject({ enabled: z.literal(false).nullish() }).nullish(),
  cache_control: CacheControl,
});
const ToolUseBlock = z.looseObject({
  type: z.literal('tool_use'),
  id: Id,
  name: z.string().min(1).max(256),
  input: z.looseObject({}),
  cache_control: CacheControl,
});
const ToolResultBlock = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: Id,
  content: blocksOf(
    z.discriminatedUnion('type', [TextBlock, ImageBlock, DocumentBlock]),
  ).optional(),
  is_error: z.boolean().nullish(),
  cache_control: CacheControl,
});
const ThinkingBlock = z.looseObject({
  type: z.literal('thinking'),
  thinking: z.string(),
  signature: z.string().optional(),
});
const RedactedBlock = z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() });

/** What a conversation is made of; any other block has a cost that nothing here bounds. */
const Block = z.discriminatedUnion('type', [
  TextBlock,
  ImageBlock,
  DocumentBlock,
  ToolUseBlock,
  ToolResultBlock,
  ThinkingBlock,
  RedactedBlock,
]);
export type Block = z.output<typeof Block>;

const Message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: blocksOf(Block),
});

/** The caller runs these; what Anthropic would run has a type of its own, and a price. */
const Tool = z.looseObject({
  type: z.literal('custom').nullish(),
  name: z.string().min(1).max(128),
  description: z.string().nullish(),
  input_schema: z.looseObject({ type: z.literal('object') }),
  strict: z.boolean().nullish(),
  cache_control: CacheControl,
});

const alone = { disable_parallel_tool_use: z.boolean().nullish() };
const ToolChoice = z.discriminatedUnion('type', [
  z.object({ type: z.literal('auto'), ...alone }),
  z.object({ type: z.literal('any'), ...alone }),
  z.object({ type: z.literal('tool'), name: z.string(), ...alone }),
  z.object({ type: z.literal('none') }),
]);

const Thinking = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('enabled'), budget_tokens: z.int().min(1_024).max(1_000_000) }),
  z.looseObject({ type: z.literal('adaptive') }),
  z.looseObject({ type: z.literal('disabled') }),
]);

const asked = {
  model: ModelName,
  messages: z.array(Message).min(1).max(10_000),
  system: blocksOf(TextBlock).nullish(),
  tools: z.array(Tool).max(10_000).nullish(),
  tool_choice: ToolChoice.nullish(),
  thinking: Thinking.nullish(),
  output_config: z
    .looseObject({
      effort: z.string().nullish(),
      format: z
        .looseObject({ type: z.literal('json_schema'), schema: z.looseObject({}) })
        .nullish(),
    })
    .nullish(),
  cache_control: CacheControl,
};

/** What is counted of a request to come. */
export const CountRequest = z.looseObject(asked);
export type CountRequest = z.output<typeof CountRequest>;

/** What Anthropic's clients send; fields that are not here are looked at by name, and most refused. */
export const MessagesRequest = z.looseObject({
  ...asked,
  max_tokens: z.int().min(1).max(1_000_000),
  stream: z.boolean().nullish(),
  stop_sequences: z.array(z.string().min(1)).max(8_191).nullish(),
  temperature: Unit,
  top_p: Unit,
  top_k: z.int().min(0).nullish(),
  metadata: z.looseObject({ user_id: z.string().max(512).nullish() }).nullish(),
});
export type MessagesRequest = z.output<typeof MessagesRequest>;

/** Without `stream`; with it, events from `message_start` to `message_stop`. */
export const MessagesReply = z.looseObject({
  id: z.string(),
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: z.string(),
  content: z.array(z.looseObject({ type: z.string() })),
  stop_reason: z.string().nullable(),
  stop_sequence: z.string().nullable(),
  usage: z.looseObject({ input_tokens: z.int(), output_tokens: z.int() }),
});

export const CountReply = z.object({ input_tokens: z.int() });
