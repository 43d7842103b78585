import { z } from 'zod';
import { unusable } from './call-fault.ts';
import { isJson, parseJson } from './json.ts';
import { jsonBeginning } from './json-beginning.ts';
import type { Json } from './upstream.ts';
import { Count, Detail, openAiTotals } from './usage.ts';

/** A piece of an answer; types that we don't know have none of these. */
export const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  thinking: z.string().optional(),
  signature: z.string().optional(),
  data: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
});
export type Block = z.output<typeof Block>;

const Message = z.looseObject({
  type: z.literal('message'),
  content: z.array(Block),
  stop_reason: z.string().nullish(),
  stop_sequence: z.string().nullish(),
  usage: z.unknown().optional(),
});
const Beginning = z.looseObject({
  content: z.array(Block.catch({ type: 'unknown' })),
});

const finishReasons: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** Why an answer ended, in OpenAI's words; `stop_reason` names the sequence that ended it. */
export const finishOf = (reason: string, sequence: string | null | undefined): Json => ({
  finish_reason: finishReasons[reason] ?? 'stop',
  ...(sequence ? { stop_reason: sequence } : {}),
});

/** A whole message as a chat completion, or a fault. */
export function anthropicAnswer(text: string): Json {
  const parsed = Message.safeParse(parseJson(text));
  if (!parsed.success) throw unusable();
  const { content, stop_reason: reason, stop_sequence: sequence, usage } = parsed.data;
  const message = messageOf(content);
  return {
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    choices: [{ index: 0, message, logprobs: null, ...finishOf(reason ?? 'end_turn', sequence) }],
    usage: usageOf(usage),
  };
}

/** What is in the beginning of a message's text. */
export function anthropicBeginning(text: string): string {
  const parsed = Beginning.safeParse(jsonBeginning(text));
  if (!parsed.success) return '';
  return JSON.stringify({ choices: [{ index: 0, message: messageOf(parsed.data.content) }] });
}

function messageOf(blocks: readonly Block[]): Json {
  const texts = blocks.flatMap(({ type, text }) => (type === 'text' ? [text ?? ''] : []));
  const thoughts = blocks.flatMap(({ type, thinking }) =>
    type === 'thinking' && thinking ? [thinking] : [],
  );
  const details = blocks.flatMap((block, index) => reasoningDetails(block, index));
  const calls = blocks.filter(({ type }) => type === 'tool_use').map((block) => callOf(block));
  return {
    role: 'assistant',
    content: texts.length > 0 ? texts.join('') : null,
    refusal: null,
    ...(thoughts.length > 0 ? { reasoning_content: thoughts.join('') } : {}),
    ...(details.length > 0 ? { reasoning_details: details } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

/** What a thought needs to be sent back and believed; its text is that of `reasoning_content`. */
export function reasoningDetails(block: Partial<Block>, index: number): readonly Json[] {
  const { type, thinking: text, signature, data } = block;
  if (type === 'redacted_thinking') return [{ type: 'reasoning.encrypted', data, index }];
  if (type !== 'thinking' || !(text || signature)) return [];
  return [{ type: 'reasoning.text', text, signature, index }];
}

const callOf = ({ id, name, input }: Block): Json => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input ?? {}) },
});

const Usage = z.looseObject({
  input_tokens: Count,
  output_tokens: Count,
  cache_read_input_tokens: Detail,
  cache_creation_input_tokens: Detail,
  output_tokens_details: z.looseObject({ thinking_tokens: Detail }).nullish(),
});

/**
 * OpenAI's totals: Anthropic counts what it read from a cache and what it wrote into one beside the
 * input. Undefined for what is no count.
 */
export function usageOf(raw: unknown): Json | undefined {
  const parsed = Usage.safeParse(isJson(raw) ? raw : undefined);
  if (!parsed.success) return undefined;
  const { input_tokens: input, output_tokens: output, ...rest } = parsed.data;
  const { cache_read_input_tokens: read, cache_creation_input_tokens: written } = rest;
  const reasoning = rest.output_tokens_details?.thinking_tokens ?? 0;
  const prompt = input + read + written;
  return openAiTotals({ prompt, completion: output, cached: read, written, reasoning });
}
