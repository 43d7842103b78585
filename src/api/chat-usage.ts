import { z } from 'zod';

const Count = z.int().min(0).nullish().catch(undefined);

const Usage = z.looseObject({
  prompt_tokens: z.int().min(0),
  completion_tokens: Count,
  total_tokens: Count,
  prompt_tokens_details: z
    .looseObject({ cached_tokens: Count, cache_write_tokens: Count })
    .nullish(),
  prompt_cache_hit_tokens: Count,
  completion_tokens_details: z.looseObject({ reasoning_tokens: Count }).nullish(),
});

/** Tokens of a chat completion; `read` and `wrote` are parts of the input, `reasoning` of the output. */
export interface Counts {
  readonly input: number;
  /** From a cache. */
  readonly read: number;
  /** Into a cache. */
  readonly wrote: number;
  readonly output: number;
  readonly reasoning: number;
}

const nothing: Counts = { input: 0, read: 0, wrote: 0, output: 0, reasoning: 0 };

/** What a chat completion says of its tokens; nothing where it says nothing of use. */
export function countsOf(usage: unknown): Counts {
  const parsed = Usage.safeParse(usage);
  if (!parsed.success) return nothing;
  const { prompt_tokens: input, completion_tokens: completion, total_tokens: total } = parsed.data;
  const details = parsed.data.prompt_tokens_details;
  const cached = details?.cached_tokens || parsed.data.prompt_cache_hit_tokens || 0;
  const read = Math.min(cached, input);
  const thought = parsed.data.completion_tokens_details?.reasoning_tokens ?? 0;
  const said = completion ?? 0;
  // A few servers leave reasoning out of the completion, but not out of the total; it is charged alike.
  const output = thought > 0 && total === input + said + thought ? said + thought : said;
  return {
    input,
    read,
    wrote: Math.min(details?.cache_write_tokens ?? 0, input - read),
    output,
    reasoning: Math.min(thought, output),
  };
}

const Charged = z.object({ cost: z.string(), cost_currency: z.string() });

/** What the call was charged, where that stands beside its tokens. */
export function chargeIn(usage: unknown): Partial<z.output<typeof Charged>> {
  const parsed = Charged.safeParse(usage);
  return parsed.success ? parsed.data : {};
}
