import { z } from 'zod';
import type { Json } from '../adapters/llm/upstream.ts';

const Count = z.int().min(0).nullish();

const Usage = z.looseObject({
  prompt_tokens: z.int().min(0),
  completion_tokens: Count,
  total_tokens: Count,
  prompt_tokens_details: z
    .looseObject({ cached_tokens: Count, cache_write_tokens: Count })
    .nullish(),
  cost: z.string().optional(),
  cost_currency: z.string().optional(),
});

/** Anthropic's counts: what was read from a cache or written into one stands beside the input. */
export function anthropicUsage(usage: unknown): Readonly<Record<string, number | string>> {
  const parsed = Usage.safeParse(usage);
  if (!parsed.success) return { input_tokens: 0, output_tokens: 0 };
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = parsed.data;
  const { prompt_tokens_details: details, cost, cost_currency: currency = '' } = parsed.data;
  const read = Math.min(details?.cached_tokens ?? 0, prompt);
  const wrote = Math.min(details?.cache_write_tokens ?? 0, prompt - read);
  return {
    input_tokens: prompt - read - wrote,
    cache_creation_input_tokens: wrote,
    cache_read_input_tokens: read,
    // A few servers leave reasoning out of the completion, but not out of the total.
    output_tokens: Math.max(completion ?? 0, (total ?? 0) - prompt),
    ...(cost === undefined ? {} : { cost, cost_currency: currency }),
  };
}

/** One thought, in whatever words an upstream tells it. */
export const Thoughts = z.looseObject({
  reasoning_content: z.string().nullish().catch(undefined),
  reasoning: z.string().nullish().catch(undefined),
  reasoning_details: z
    .array(
      z.looseObject({
        text: z.string().nullish(),
        signature: z.string().nullish(),
        data: z.string().nullish(),
      }),
    )
    .nullish()
    .catch(undefined),
});

const Message = Thoughts.extend({
  content: z.string().nullish().catch(undefined),
  refusal: z.string().nullish().catch(undefined),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string(),
        function: z.looseObject({ name: z.string(), arguments: z.string() }),
      }),
    )
    .nullish()
    .catch(undefined),
});
const Choice = z.looseObject({
  message: Message,
  finish_reason: z.string().nullish(),
  stop_reason: z.unknown().optional(),
});

/** Why an answer ended, in Anthropic's words. */
export function stopOf({ finish_reason: reason, stop_reason: sequence }: Json) {
  if (reason === 'stop' && typeof sequence === 'string') {
    return { stop_reason: 'stop_sequence', stop_sequence: sequence };
  }
  return { stop_reason: stopReasons[String(reason)] ?? 'end_turn', stop_sequence: null };
}

const stopReasons: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  function_call: 'tool_use',
  content_filter: 'refusal',
};

export interface Head {
  readonly id: string;
  readonly model: string;
}

export const messageIdOf = (callId: string): string => `msg_${callId.replaceAll('-', '')}`;

/** A chat completion as a message. */
export function messageOf({ choices, usage }: Json, { id, model }: Head): Json {
  const parsed = Choice.safeParse(Array.isArray(choices) ? choices[0] : undefined);
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: parsed.success ? contentOf(parsed.data.message) : [],
    ...stopOf(parsed.success ? parsed.data : {}),
    usage: anthropicUsage(usage),
  };
}

function contentOf(message: z.output<typeof Message>): readonly Json[] {
  const text = [message.content, message.refusal].filter(Boolean).join('');
  return [
    ...thinkingOf(message),
    ...(text ? [{ type: 'text', text }] : []),
    ...(message.tool_calls ?? []).map(({ id, function: { name, arguments: json } }) => ({
      type: 'tool_use',
      id,
      name,
      input: inputOf(json),
    })),
  ];
}

function thinkingOf(message: z.output<typeof Thoughts>): readonly Json[] {
  const blocks = (message.reasoning_details ?? []).flatMap(({ text, signature, data }): Json[] => {
    if (data) return [{ type: 'redacted_thinking', data }];
    return text || signature
      ? [{ type: 'thinking', thinking: text ?? '', signature: signature ?? '' }]
      : [];
  });
  if (blocks.length > 0) return blocks;
  const thinking = message.reasoning_content || message.reasoning;
  return thinking ? [{ type: 'thinking', thinking, signature: '' }] : [];
}

/** The arguments of a call; one that was cut off in the middle of them has none. */
function inputOf(json: string): unknown {
  try {
    return JSON.parse(json || '{}');
  } catch {
    return {};
  }
}
