import { canonical } from '../domain/money.ts';
import type { RateLeft, RateRoom } from '../domain/wallet/rates.ts';

/** What the limits of a minute leave, as OpenAI's headers say it; none where there is no limit. */
export const rateHeaders = ({ requests, tokens }: RateRoom): Readonly<Record<string, string>> => ({
  ...headersOf('requests', requests),
  ...headersOf('tokens', tokens),
});

function headersOf(measure: keyof RateRoom, left: RateLeft | undefined) {
  if (!left) return {};
  return {
    [`x-ratelimit-limit-${measure}`]: canonical(left.most),
    [`x-ratelimit-remaining-${measure}`]: canonical(left.remaining),
    [`x-ratelimit-reset-${measure}`]: durationOf(left.resetSeconds),
  };
}

/** A duration as Go writes it: `6s`, `1m0s`. */
const durationOf = (seconds: number): string =>
  seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
