import { z } from 'zod';
import { Instant, Uuid } from '../ids.ts';
import { Amount } from '../money.ts';

const walletId = Uuid;

/** Windows are UTC's, found from a command's time; `total` has no end, `now` is this moment. */
export const LimitWindow = z.enum(['minute', 'day', 'month', 'total', 'now']);
export type LimitWindow = z.infer<typeof LimitWindow>;

/** `calls`: those in flight; `overdraft`: what may be owed. */
export const LimitMeasure = z.enum(['requests', 'tokens', 'money', 'calls', 'overdraft']);
export type LimitMeasure = z.infer<typeof LimitMeasure>;

export const Limit = z.object({
  /** Null: the whole wallet. */
  apiKeyId: Uuid.nullable(),
  window: LimitWindow,
  measure: LimitMeasure,
  /** Null: no limit any more. */
  most: Amount.nullable(),
});
export type Limit = z.infer<typeof Limit>;

export const LimitSet = z.object({ walletId, limit: Limit, reason: z.string() });
export const WalletFrozen = z.object({ walletId, reason: z.string() });
export const WalletUnfrozen = z.object({ walletId, reason: z.string() });

/** Calls that were refused within one minute, by code; they moved nothing. */
export const DenialsCounted = z.object({
  walletId,
  minute: Instant,
  denials: z.array(z.object({ code: z.string(), count: z.int().positive() })),
});
