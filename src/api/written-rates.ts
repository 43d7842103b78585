import { z } from 'zod';
import type { RateLimits } from '../domain/wallet/rates.ts';
import { RateLimits as Limits } from '../domain/wallet/rates.ts';

const { requestsPerMinute, tokensPerMinute, concurrent } = Limits.shape;

/** Limits of each wallet by itself; what is left out, or null, has none. */
export const WrittenRates = z.strictObject({
  requests_per_minute: requestsPerMinute.default(null),
  tokens_per_minute: tokensPerMinute.default(null),
  concurrent: concurrent.default(null),
});
type WrittenRates = z.output<typeof WrittenRates>;

/** The same as it is shown. */
export const ShownRates = z.object({
  requests_per_minute: z.int().nullable(),
  tokens_per_minute: z.int().nullable(),
  concurrent: z.int().nullable(),
});

export const ratesFrom = (written: WrittenRates): RateLimits => ({
  requestsPerMinute: written.requests_per_minute,
  tokensPerMinute: written.tokens_per_minute,
  concurrent: written.concurrent,
});

export const shownRates = (limits: RateLimits): WrittenRates => ({
  requests_per_minute: limits.requestsPerMinute,
  tokens_per_minute: limits.tokensPerMinute,
  concurrent: limits.concurrent,
});
