import { z } from 'zod';
import type { Json } from './upstream.ts';

const Count = z.int().min(0);
/** What is nothing is left out. */
const Detail = Count.nullish().transform((count) => count ?? 0);
const Usage = z.looseObject({
  promptTokenCount: Count,
  cachedContentTokenCount: Detail,
  toolUsePromptTokenCount: Detail,
  candidatesTokenCount: Detail,
  thoughtsTokenCount: Detail,
});

/**
 * OpenAI's totals: Gemini counts what a cache had within the prompt, what its own tools read beside
 * it, and thoughts beside what the candidates say. Undefined for what is no count.
 */
export function geminiUsage(raw: unknown): Json | undefined {
  const parsed = Usage.safeParse(raw);
  if (!parsed.success) return undefined;
  const { promptTokenCount, cachedContentTokenCount: cached, ...rest } = parsed.data;
  const { thoughtsTokenCount: thoughts } = rest;
  const prompt = promptTokenCount + rest.toolUsePromptTokenCount;
  const completion = rest.candidatesTokenCount + thoughts;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: thoughts },
  };
}
