import { z } from 'zod';
import { AliasTerms } from '../domain/alias/events.ts';
import { ratesFrom, ShownRates, shownRates, WrittenRates } from './written-rates.ts';

const { description, sampling, systemPrompt, scenario } = AliasTerms.shape;

/** No model reads more; it leaves sums of amounts far from what they may be. */
const mostInputTokens = 100_000_000;

/** What an alias is beside its price; what is left out stays as it is. */
export const WrittenAlias = z.strictObject({
  description: description.exactOptional(),
  /** Fields of a request, for calls that leave them out. */
  sampling: z.strictObject(sampling.shape).exactOptional(),
  system_prompt: systemPrompt.optional(),
  scenario: scenario.exactOptional(),
  limits: WrittenRates.optional(),
  /** The most input that any model behind it reads at once; null: nobody knows. */
  max_input_tokens: z.int().min(1).max(mostInputTokens).nullable().optional(),
});

export const ShownAlias = z.object({
  description,
  sampling,
  system_prompt: systemPrompt,
  scenario,
  limits: ShownRates,
  max_input_tokens: z.int().nullable(),
});

/** Only what was written: the rest of an alias's terms stays as it is. */
export function aliasChanges(written: z.output<typeof WrittenAlias>): Partial<AliasTerms> {
  const { system_prompt: prompt, limits, max_input_tokens: most, ...rest } = written;
  return {
    ...rest,
    ...(prompt === undefined ? {} : { systemPrompt: prompt }),
    ...(limits === undefined ? {} : { limits: ratesFrom(limits) }),
    ...(most === undefined ? {} : { maxInputTokens: most ?? undefined }),
  };
}

export const shownAlias = ({
  systemPrompt: prompt,
  limits,
  maxInputTokens,
  ...rest
}: AliasTerms) => ({
  ...rest,
  system_prompt: prompt,
  limits: shownRates(limits),
  max_input_tokens: maxInputTokens ?? null,
});
