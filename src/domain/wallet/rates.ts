import { z } from 'zod';
import type { Decimal } from '../money.ts';

const Most = z.int().min(0).max(1_000_000_000_000).nullable();

export const RateLimits = z
  .object({
    requestsPerMinute: Most,
    tokensPerMinute: Most,
    concurrent: Most.describe('calls in flight'),
  })
  .describe('what each wallet may use, by itself; null: as much as it likes');
export type RateLimits = z.infer<typeof RateLimits>;

export const noLimits: RateLimits = {
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrent: null,
};

/**
 * A limit that isn't a wallet's own: of an alias, or of a plan, for each wallet by itself. It comes with
 * every call that it applies to, so that changing it takes no event of any wallet.
 */
export interface Rate {
  readonly scope: `alias:${string}` | `plan:${string}`;
  /** `now` for calls in flight. */
  readonly window: 'minute' | 'now';
  readonly measure: 'requests' | 'tokens' | 'calls';
  readonly most: string;
}

/** The limits that there are, as a call carries them. */
export function ratesOf(scope: Rate['scope'], limits: RateLimits): readonly Rate[] {
  const { requestsPerMinute, tokensPerMinute, concurrent } = limits;
  const rate = (most: number | null, of: Pick<Rate, 'window' | 'measure'>): readonly Rate[] =>
    most === null ? [] : [{ scope, ...of, most: String(most) }];
  return [
    ...rate(requestsPerMinute, { window: 'minute', measure: 'requests' }),
    ...rate(tokensPerMinute, { window: 'minute', measure: 'tokens' }),
    ...rate(concurrent, { window: 'now', measure: 'calls' }),
  ];
}

/** Names what a rate counts, beside the limits that `limitKey` names. */
export const rateKey = ({ scope, window, measure }: Omit<Rate, 'most'>): string =>
  `${scope}/${window}/${measure}`;

/** A wallet's own limits have no colon in their names. */
export const isRateKey = (key: string): boolean => key.includes(':');

/** What one limit of a minute leaves. */
export interface RateLeft {
  readonly most: Decimal;
  readonly remaining: Decimal;
  /** Until all of it is there again. */
  readonly resetSeconds: number;
}

/** What is left for the next call, by the tightest limit of each measure; undefined: there is none. */
export interface RateRoom {
  readonly requests: RateLeft | undefined;
  readonly tokens: RateLeft | undefined;
}
