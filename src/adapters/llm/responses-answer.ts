import { z } from 'zod';
import { unusable } from './call-fault.ts';
import { isJson, parseJson } from './json.ts';
import { jsonBeginning } from './json-beginning.ts';
import type { Json } from './upstream.ts';
import { Count, Detail, openAiTotals } from './usage.ts';

const Text = z.string().nullish();
const Part = z.looseObject({ text: Text, refusal: Text });
const Item = z.looseObject({
  type: z.string(),
  content: z.array(Part).nullish().catch(undefined),
  summary: z.array(Part).nullish().catch(undefined),
  call_id: Text,
  name: Text,
  arguments: Text,
  input: Text,
});
type Item = z.output<typeof Item>;

const Response = z.looseObject({
  status: z.enum(['completed', 'incomplete']),
  output: z.array(Item),
  usage: z.unknown().optional(),
});
const Beginning = z.looseObject({ output: z.array(Item.catch({ type: 'unknown' })) });

/** A whole Response as a chat completion that carries it, or a fault. */
export function responsesAnswer(text: string): Json {
  const said = parseJson(text);
  const parsed = Response.safeParse(said);
  if (!(parsed.success && isJson(said))) throw unusable();
  const { output, usage } = parsed.data;
  return {
    object: 'chat.completion',
    choices: [{ index: 0, message: messageOf(output), finish_reason: 'stop' }],
    usage: chatUsageOf(usage),
    native: said,
  };
}

/** What is in the beginning of a Response's text. */
export function responsesBeginning(text: string): string {
  const parsed = Beginning.safeParse(jsonBeginning(text));
  if (!parsed.success) return '';
  return JSON.stringify({ choices: [{ index: 0, message: messageOf(parsed.data.output) }] });
}

/** All that a model has written in such items: what is counted when nobody else does. */
function messageOf(items: readonly Item[]): Json {
  const texts = (of: (part: z.output<typeof Part>) => string | null | undefined, type: string) =>
    items
      .filter((item) => item.type === type)
      .flatMap(({ content, summary }) => [...(summary ?? []), ...(content ?? [])].map(of))
      .join('');
  const calls = items.filter(({ type }) => type in callFields);
  return {
    role: 'assistant',
    content: texts(({ text }) => text, 'message'),
    refusal: texts(({ refusal }) => refusal, 'message') || null,
    reasoning_content: texts(({ text }) => text, 'reasoning') || undefined,
    tool_calls: calls.length > 0 ? calls.map(callOf) : undefined,
  };
}

const callFields: Readonly<Record<string, true>> = { function_call: true, custom_tool_call: true };

const callOf = (item: Item): Json => ({
  id: item.call_id,
  ...(item.type === 'function_call'
    ? { type: 'function', function: { name: item.name, arguments: item.arguments ?? '' } }
    : { type: 'custom', custom: { name: item.name, input: item.input ?? '' } }),
});

const Usage = z.looseObject({
  input_tokens: Count,
  output_tokens: Count,
  input_tokens_details: z
    .looseObject({ cached_tokens: Detail, cache_write_tokens: Detail })
    .nullish(),
  output_tokens_details: z.looseObject({ reasoning_tokens: Detail }).nullish(),
});

/** A Response's usage in a chat completion's words; what is no count counts nothing. */
export function chatUsageOf(raw: unknown): Json {
  const parsed = Usage.safeParse(raw);
  if (!parsed.success) return {};
  const { input_tokens: prompt, output_tokens: completion } = parsed.data;
  const { input_tokens_details: read, output_tokens_details: wrote } = parsed.data;
  return openAiTotals({
    ...{ prompt, completion, cached: read?.cached_tokens ?? 0 },
    written: read?.cache_write_tokens ?? 0,
    reasoning: wrote?.reasoning_tokens ?? 0,
  });
}
