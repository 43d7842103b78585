import { z } from 'zod';
import type { Json } from './upstream.ts';
import { Count, Detail, openAiTotals } from './usage.ts';

const OfKind = z.looseObject({ modality: z.string(), tokenCount: Detail });

const Usage = z.looseObject({
  promptTokenCount: Count,
  /** What it is made of, what a cache had included; nothing of it is worth no usage at all. */
  promptTokensDetails: z.array(OfKind).catch([]).default([]),
  cachedContentTokenCount: Detail,
  toolUsePromptTokenCount: Detail,
  candidatesTokenCount: Detail,
  thoughtsTokenCount: Detail,
});

/**
 * OpenAI's totals: Gemini counts what a cache had within the prompt, what its own tools read beside
 * it, and thoughts beside what the candidates say. Sound is within the prompt, and told by its kind. Undefined for what is no count.
 */
export function geminiUsage(raw: unknown): Json | undefined {
  const parsed = Usage.safeParse(raw);
  if (!parsed.success) return undefined;
  const { promptTokenCount, cachedContentTokenCount: cached, ...rest } = parsed.data;
  const { thoughtsTokenCount: thoughts, promptTokensDetails: kinds } = rest;
  const sounds = kinds.filter(({ modality }) => modality === 'AUDIO');
  const heard = sounds.reduce((total, { tokenCount }) => total + tokenCount, 0);
  const prompt = promptTokenCount + rest.toolUsePromptTokenCount;
  const completion = rest.candidatesTokenCount + thoughts;
  return openAiTotals({
    prompt,
    completion,
    cached,
    reasoning: thoughts,
    heard: heard || undefined,
  });
}
