import { z } from 'zod';
import type { Usage } from '../../domain/price-list/usage.ts';
import { inputOf, outputOf } from '../../domain/price-list/usage.ts';

/** No call is larger; sums of what passes stay far from what a counter holds. */
const mostTokens = 1_000_000_000;
/** A count of tokens that an upstream says. */
export const Count = z.int().min(0).max(mostTokens);
/** Some servers write null where a detail doesn't apply. */
export const Detail = Count.nullish().transform((count) => count ?? 0);

/** Into what a request's own marks make of a cache, by how long it keeps. */
const Marked = z.object({ ephemeral_5m_input_tokens: Detail, ephemeral_1h_input_tokens: Detail });

/** Parts of the prompt. What a cache took has its second and third name at Qwen, the first elsewhere. */
const PromptDetails = z.object({
  cached_tokens: Detail,
  cache_write_tokens: Detail,
  cache_creation_input_tokens: Detail,
  cache_creation: Marked.nullish().catch(undefined),
});

function writtenIn({ cache_write_tokens: written, ...qwens }: z.output<typeof PromptDetails>) {
  const { cache_creation_input_tokens: created, cache_creation: marked } = qwens;
  const byMarks = marked ? marked.ephemeral_5m_input_tokens + marked.ephemeral_1h_input_tokens : 0;
  return written || created || byMarks;
}

const OpenAiUsage = z.object({
  prompt_tokens: Count,
  completion_tokens: Detail,
  total_tokens: Count.nullish(),
  prompt_tokens_details: PromptDetails.nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: Detail }).nullish(),
  prompt_cache_hit_tokens: Detail,
});

/**
 * OpenAI's totals in disjoint classes: input without what a cache had or took, output without reasoning.
 * Undefined for anything that doesn't add up, which is the same as no usage.
 */
export function usageFrom(raw: unknown): Usage | undefined {
  const parsed = OpenAiUsage.safeParse(raw);
  if (!parsed.success) return undefined;
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = parsed.data;
  const { prompt_tokens_details: details } = parsed.data;
  const cacheWrite = details ? writtenIn(details) : 0;
  if (prompt + completion === 0) return undefined;
  const cachedInput = details?.cached_tokens || parsed.data.prompt_cache_hit_tokens;
  const reasoning = parsed.data.completion_tokens_details?.reasoning_tokens ?? 0;
  // A few servers leave reasoning out of the completion; their total gives them away.
  const apart = reasoning > 0 && total === prompt + completion + reasoning;
  const output = apart ? completion : completion - reasoning;
  const input = prompt - cachedInput - cacheWrite;
  if (input < 0 || output < 0) return undefined;
  const usage = { input, cachedInput, output, reasoning };
  return cacheWrite === 0 ? usage : { ...usage, cacheWrite };
}

const Sounds = z
  .object({ audio_tokens: Detail })
  .nullish()
  .transform((details) => details?.audio_tokens ?? 0);
const OpenAiSounds = z.object({
  prompt_tokens_details: Sounds,
  completion_tokens_details: Sounds,
});

/** What of a chat is sound. */
export interface Sounding {
  /** Some went in. */
  readonly isHeard: boolean;
  /** Some may come out. */
  readonly maySpeak: boolean;
  /** Some did. */
  readonly hasSpoken: boolean;
}

/**
 * The same with its sounds in classes of their own. Undefined also where nobody says how many tokens of a
 * total were sound though some were: as text they would be given away, and all of it as sound would
 * charge the text too dear.
 */
export function soundUsageFrom(
  raw: unknown,
  { isHeard, maySpeak, hasSpoken }: Sounding,
): Usage | undefined {
  const usage = usageFrom(raw);
  const { data: sounds } = OpenAiSounds.safeParse(raw);
  if (!(usage && sounds)) return undefined;
  const audioInput = isHeard ? sounds.prompt_tokens_details : 0;
  const audioOutput = maySpeak ? sounds.completion_tokens_details : 0;
  const isSpoken = maySpeak && hasSpoken;
  if ((isHeard && audioInput === 0) || (isSpoken && audioOutput === 0)) return undefined;
  // A cache may have had some of the sound, which has no cheaper price: it is no cached text.
  const cachedInput = Math.min(usage.cachedInput, usage.input + usage.cachedInput - audioInput);
  const input = usage.input + usage.cachedInput - audioInput - cachedInput;
  const output = usage.output - audioOutput;
  if (cachedInput < 0 || output < 0) return undefined;
  return { ...usage, input, cachedInput, output, ...soundsOf({ audioInput, audioOutput }) };
}

/** Of what there is none nothing is said. */
export const soundsOf = ({
  audioInput,
  audioOutput,
}: {
  readonly audioInput: number;
  readonly audioOutput: number;
}): Pick<Usage, 'audioInput' | 'audioOutput'> => ({
  ...(audioInput > 0 && { audioInput }),
  ...(audioOutput > 0 && { audioOutput }),
});

/** What OpenAI's totals are made of: details are parts of the total before them. */
interface Totals {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
  /** Left out: nothing that a cache took is said. */
  readonly written?: number | undefined;
  readonly reasoning: number;
  /** Left out: no sound is said. */
  readonly heard?: number | undefined;
  readonly spoken?: number | undefined;
}

/** A usage in OpenAI's words, as its clients and `usageFrom` read it. */
export const openAiTotals = ({
  prompt,
  completion,
  cached,
  written,
  reasoning,
  heard,
  spoken,
}: Totals) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: {
    cached_tokens: cached,
    ...(written === undefined ? {} : { cache_write_tokens: written }),
    ...(heard === undefined ? {} : { audio_tokens: heard }),
  },
  completion_tokens_details: {
    reasoning_tokens: reasoning,
    ...(spoken === undefined ? {} : { audio_tokens: spoken }),
  },
});

/** A usage as OpenAI writes it, for an answer whose upstream gave none. */
export const usageAsOpenAi = (usage: Usage) =>
  openAiTotals({
    prompt: inputOf(usage),
    completion: outputOf(usage),
    cached: usage.cachedInput,
    written: usage.cacheWrite || undefined,
    reasoning: usage.reasoning,
    heard: usage.audioInput || undefined,
    spoken: usage.audioOutput || undefined,
  });
