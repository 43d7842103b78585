import { z } from 'zod';
import type { Usage } from '../../domain/price-list/usage.ts';
import { inputOf, outputOf } from '../../domain/price-list/usage.ts';

/** No call is larger; sums of what passes stay far from what a counter holds. */
const mostTokens = 1_000_000_000;
/** A count of tokens that an upstream says. */
export const Count = z.int().min(0).max(mostTokens);
/** Some servers write null where a detail doesn't apply. */
export const Detail = Count.nullish().transform((count) => count ?? 0);

const OpenAiUsage = z.object({
  prompt_tokens: Count,
  completion_tokens: Detail,
  total_tokens: Count.nullish(),
  prompt_tokens_details: z.object({ cached_tokens: Detail, cache_write_tokens: Detail }).nullish(),
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
  const cacheWrite = parsed.data.prompt_tokens_details?.cache_write_tokens ?? 0;
  if (prompt + completion === 0) return undefined;
  const cachedInput =
    parsed.data.prompt_tokens_details?.cached_tokens || parsed.data.prompt_cache_hit_tokens;
  const reasoning = parsed.data.completion_tokens_details?.reasoning_tokens ?? 0;
  // A few servers leave reasoning out of the completion; their total gives them away.
  const apart = reasoning > 0 && total === prompt + completion + reasoning;
  const output = apart ? completion : completion - reasoning;
  const input = prompt - cachedInput - cacheWrite;
  if (input < 0 || output < 0) return undefined;
  const usage = { input, cachedInput, output, reasoning };
  return cacheWrite === 0 ? usage : { ...usage, cacheWrite };
}

/** What OpenAI's totals are made of: details are parts of the total before them. */
interface Totals {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
  /** Left out: nothing that a cache took is said. */
  readonly written?: number | undefined;
  readonly reasoning: number;
}

export const openAiTotals = ({ prompt, completion, cached, written, reasoning }: Totals) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: {
    cached_tokens: cached,
    ...(written === undefined ? {} : { cache_write_tokens: written }),
  },
  completion_tokens_details: { reasoning_tokens: reasoning },
});

/** A usage as OpenAI writes it, for an answer whose upstream gave none. */
export const usageAsOpenAi = (usage: Usage) =>
  openAiTotals({
    prompt: inputOf(usage),
    completion: outputOf(usage),
    cached: usage.cachedInput,
    written: usage.cacheWrite || undefined,
    reasoning: usage.reasoning,
  });
