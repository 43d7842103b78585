import { z } from 'zod';
import type { CallFault } from './call-fault.ts';
import { broken } from './chat-stream.ts';
import type { Refused } from './refusal.ts';
import { parseJson, refusal } from './refusal.ts';
import { retryAfterMs } from './retry-after.ts';

const Detail = z.looseObject({
  reason: z.string().optional(),
  /** Seconds, as `27.5s`. */
  retryDelay: z.string().optional(),
});
const Told = z.looseObject({
  error: z.looseObject({
    message: z.string().default(''),
    status: z.string().optional(),
    details: z.array(Detail).catch([]).default([]),
  }),
});
/** Some streams are refused with a list of one. */
const Body = z.union([Told, z.array(Told).min(1)]).transform((told) => [told].flat()[0]);

/** The operator's key, project or bill: no fault of the request's, whatever the status says. */
const reasons =
  /^(API_KEY_|ACCESS_TOKEN_|ACCOUNT_|BILLING_|CONSUMER_|SERVICE_DISABLED|USER_PROJECT_|LOCATION_)/;
const unpaidOrUnknown = /\bapi key\b|\bbilling\b|user location|consumer .* suspended/i;

/** What an error of Gemini's means to a call; a wrong key is answered 400 here. */
export function geminiRefusal(status: number, text: string, asked: Refused): CallFault {
  const error = Body.safeParse(parseJson(text)).data?.error;
  if (!error) return refusal(status, text, asked);
  const { message, details } = error;
  const isOperators =
    error.status === 'FAILED_PRECONDITION' ||
    details.some(({ reason }) => reason !== undefined && reasons.test(reason)) ||
    unpaidOrUnknown.test(message);
  if ((status === 400 || status === 403) && isOperators) {
    return broken('The upstream failed.', new Error('The upstream wants another key or account.'));
  }
  return refusal(status, JSON.stringify({ error: { message } }), {
    ...asked,
    retryAfterMs: asked.retryAfterMs ?? delayOf(details),
  });
}

function delayOf(details: readonly z.output<typeof Detail>[]): number | undefined {
  const delay = details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay;
  return delay === undefined ? undefined : retryAfterMs({ 'retry-after': delay.replace(/s$/, '') });
}
