import { z } from 'zod';
import { CacheMark } from './anthropic-cache.ts';
import { anthropicThinking } from './anthropic-thinking.ts';
import { anthropicToolChoice, anthropicTools } from './anthropic-tools.ts';
import { anthropicTurns } from './anthropic-turns.ts';
import { beyondProtocol, refuseUntranslated, untranslated } from './beyond-protocol.ts';
import { chatWords, schemaIn, stopsOf, wishesIn } from './chat-words.ts';
import { isJson } from './json.ts';
import type { Json, UpstreamRequest } from './upstream.ts';

/** Read below. */
const translated = new Set<string>([...chatWords, 'user']);

/** OpenAI's chat request in Anthropic's words; what has none and can't be left out is refused, for another upstream to try. */
export function anthropicRequest({ body, model, stream, maxOutput }: UpstreamRequest): Json {
  if (typeof body.n === 'number' && body.n > 1) throw beyondProtocol('n');
  refuseUntranslated(body);
  const wishes = wishesIn(body, Wishes);
  const { temperature, top_p: topP, top_k: topK, stop, user, cache_control: cache } = wishes;
  const { system, turns } = anthropicTurns(body.messages);
  const { thinking, effort } = anthropicThinking(wishes, model, maxOutput);
  const tools = anthropicTools(body.tools);
  const format = formatOf(wishes.response_format) ?? wishes.output_config?.format;
  const isThinking = thinking !== undefined && thinking.type !== 'disabled';
  return {
    model,
    max_tokens: maxOutput,
    messages: turns,
    stream,
    system: system.length > 0 ? system : undefined,
    // A model that thinks takes no temperature but its own.
    ...(isThinking ? {} : samplingOf(temperature, topP, topK)),
    stop_sequences: stopsOf(stop),
    tools,
    tool_choice: tools && anthropicToolChoice(body),
    thinking,
    output_config: effort || format ? { effort, format } : undefined,
    metadata: user ? { user_id: user } : undefined,
    cache_control: cache,
  };
}

/** What it leaves out. An answer in JSON is for the messages to ask for, as OpenAI wants them to anyway. */
export const omittedByAnthropic = (body: Readonly<Json>): readonly string[] => {
  const { response_format: format } = body;
  const isAnyJson = isJson(format) && format.type === 'json_object';
  return [...untranslated(body, translated), ...(isAnyJson ? ['response_format'] : [])];
};

const Wishes = z.looseObject({
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  user: z.string().nullish(),
  cache_control: CacheMark,
  reasoning_effort: z.string().nullish(),
  thinking: z.looseObject({ type: z.string() }).nullish(),
  output_config: z
    .object({ effort: z.string().nullish(), format: z.looseObject({}).nullish() })
    .nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
});
export type Wishes = z.output<typeof Wishes>;

/** What says only the default is left out: newer models refuse to be told both, or any. */
const samplingOf = (temperature?: number | null, topP?: number | null, topK?: number | null) => ({
  // OpenAI's scale ends at 2.
  temperature: typeof temperature === 'number' && temperature < 1 ? temperature : undefined,
  top_p: topP === 1 ? undefined : (topP ?? undefined),
  top_k: topK ?? undefined,
});

function formatOf(format: Wishes['response_format']): Json | undefined {
  if (!format || format.type === 'text' || format.type === 'json_object') return undefined;
  const schema = schemaIn(format);
  return { type: 'json_schema', schema };
}
