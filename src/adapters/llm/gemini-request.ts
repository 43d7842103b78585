import { z } from 'zod';
import { refuseUntranslated, untranslated } from './beyond-protocol.ts';
import { chatWords, schemaIn, stopsOf, wishesIn } from './chat-words.ts';
import { geminiThinking, isSigned } from './gemini-thinking.ts';
import { geminiToolConfig, geminiTools } from './gemini-tools.ts';
import { geminiTurns } from './gemini-turns.ts';
import type { Json, UpstreamRequest } from './upstream.ts';

/** Read below, or said by the path. */
const translated = new Set<string>([
  ...chatWords,
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'logprobs',
  'top_logprobs',
]);

const mostCandidates = 8;
const int32 = 2 ** 31;

/** OpenAI's chat request in Gemini's words; what has none and can't be left out is refused, for another upstream to try. */
export function geminiRequest({ body, model, maxOutput }: UpstreamRequest): Json {
  refuseUntranslated(body);
  const wishes = wishesIn(body, Wishes);
  const { system, turns } = geminiTurns(body.messages, isSigned(model));
  const tools = geminiTools(body.tools);
  return {
    contents: turns,
    systemInstruction: system.length > 0 ? { parts: system } : undefined,
    tools,
    toolConfig: tools && geminiToolConfig(body),
    generationConfig: {
      // Thoughts count within it.
      maxOutputTokens: maxOutput,
      ...samplingOf(wishes),
      ...formatOf(wishes),
      thinkingConfig: geminiThinking(body, model, maxOutput),
    },
  };
}

/** What it leaves out. */
export const omittedByGemini = (body: Readonly<Json>): readonly string[] =>
  untranslated(body, translated);

const Wishes = z.looseObject({
  n: z.int().min(1).max(mostCandidates).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.int().nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  output_config: z.looseObject({ format: z.looseObject({}).nullish() }).nullish(),
});
type Wishes = z.output<typeof Wishes>;

const samplingOf = ({ n, seed, stop, logprobs, ...wishes }: Wishes): Json => ({
  // Some models refuse to be told even that it is one.
  candidateCount: n && n > 1 ? n : undefined,
  temperature: wishes.temperature ?? undefined,
  topP: wishes.top_p ?? undefined,
  topK: wishes.top_k ?? undefined,
  presencePenalty: wishes.presence_penalty || undefined,
  frequencyPenalty: wishes.frequency_penalty || undefined,
  seed: typeof seed === 'number' && Math.abs(seed) < int32 ? seed : undefined,
  stopSequences: stopsOf(stop),
  responseLogprobs: logprobs || undefined,
  logprobs: logprobs ? (wishes.top_logprobs ?? undefined) : undefined,
});

/** An answer in JSON: in OpenAI's words, or in Anthropic's. */
function formatOf({ response_format: format, output_config: own }: Wishes): Json {
  const json = { responseMimeType: 'application/json' };
  if (own?.format) {
    const { schema } = own.format;
    return { ...json, responseJsonSchema: schema };
  }
  if (!format || format.type === 'text') return {};
  if (format.type === 'json_object') return json;
  const schema = schemaIn(format);
  return { ...json, responseJsonSchema: schema };
}
