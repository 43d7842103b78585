import { z } from 'zod';
import type { Instant } from '../domain/ids.ts';
import { Instant as InstantSchema, Uuid } from '../domain/ids.ts';
import { Amount, canonical } from '../domain/money.ts';
import { LimitMeasure, LimitWindow } from '../domain/wallet/limit-events.ts';
import { limitUses } from '../domain/wallet/limit-use.ts';
import type { Wallet } from '../domain/wallet/wallet.ts';

/** A limit as the API tells it, with what counts against it now. */
export const ShownLimit = z.object({
  /** Null: of the whole wallet. */
  api_key_id: Uuid.nullable(),
  window: LimitWindow,
  measure: LimitMeasure,
  most: Amount.nullable(),
  used: Amount,
  /** When the window is over; null for what has no end. */
  resets_at: InstantSchema.nullable(),
});

export const shownLimits = (wallet: Wallet, at: Instant): z.output<typeof ShownLimit>[] =>
  limitUses(wallet, at).map(({ apiKeyId, window, measure, most, used, resetsAt }) => ({
    api_key_id: apiKeyId,
    window,
    measure,
    most,
    used: canonical(used),
    resets_at: resetsAt,
  }));
