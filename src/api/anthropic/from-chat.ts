import { z } from 'zod';
import type { Json } from '../../adapters/llm/upstream.ts';
import { Thoughts } from '../chat-thoughts.ts';
import { chargeIn, countsOf } from '../chat-usage.ts';

/** Anthropic's counts: what was read from a cache or written into one stands beside the input. */
export function anthropicUsage(usage: unknown): Readonly<Record<string, number | string>> {
  const { input, read, wrote, output } = countsOf(usage);
  return {
    input_tokens: input - read - wrote,
    cache_creation_input_tokens: wrote,
    cache_read_input_tokens: read,
    output_tokens: output,
    ...chargeIn(usage),
  };
}

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

function thinkingOf(message: Thoughts): readonly Json[] {
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
