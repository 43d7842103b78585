import { z } from 'zod';
import type { CallFault } from './call-fault.ts';
import { parseJson } from './json.ts';
import type { Refused } from './refusal.ts';
import { refusal } from './refusal.ts';
import { retryAfterMs } from './retry-after.ts';

const Detail = z.looseObject({
  /** Seconds, as `27.5s`. */
  retryDelay: z.string().optional(),
});
const Told = z.looseObject({
  error: z.looseObject({ details: z.array(Detail).catch([]).default([]) }),
});
/** Some streams are refused with a list of one. */
const Body = z.union([Told, z.array(Told).min(1)]).transform((told) => [told].flat()[0]);

/** Its names for what a chat calls otherwise. */
const names = {
  ...{ max_output_tokens: 'max_tokens', stop_sequences: 'stop' },
  ...{ system_instruction: null, thinking_budget: null },
};

/** What an error of Gemini's means to a call; how long to wait is in its details, and in no header. */
export function geminiRefusal(status: number, text: string, asked: Refused): CallFault {
  const told = Body.safeParse(parseJson(text)).data;
  if (!told) return refusal(status, text, { ...asked, names });
  const { details } = told.error;
  return refusal(status, JSON.stringify(told), {
    ...{ ...asked, names },
    retryAfterMs: asked.retryAfterMs ?? delayOf(details),
  });
}

function delayOf(details: readonly z.output<typeof Detail>[]): number | undefined {
  const delay = details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay;
  return delay === undefined ? undefined : retryAfterMs({ 'retry-after': delay.replace(/s$/, '') });
}
