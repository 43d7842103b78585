import { z } from 'zod';
import type { Json } from './upstream.ts';
import { Count, Detail, openAiTotals } from './usage.ts';

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
  return openAiTotals({ prompt, completion, cached, reasoning: thoughts });
}
