import { z } from 'zod';
import { Instant, Uuid } from '../ids.ts';
import { Amount } from '../money.ts';

const walletId = Uuid;

export const LimitWindow = z
  .enum(['minute', 'day', 'month', 'total', 'now'])
  .describe(`of UTC, found from a command's time; \`total\` has no end, \`now\` is this moment`);
export type LimitWindow = z.infer<typeof LimitWindow>;

export const LimitMeasure = z
  .enum(['requests', 'tokens', 'money', 'calls', 'overdraft'])
  .describe('what is counted; `calls`: those in flight, `overdraft`: what may be owed');
export type LimitMeasure = z.infer<typeof LimitMeasure>;

export const Limit = z
  .object({
    apiKeyId: Uuid.nullable().describe('the key that it holds for; null: the whole wallet'),
    window: LimitWindow,
    measure: LimitMeasure,
    most: Amount.nullable().describe('null: no limit any more'),
  })
  .describe('the most of something that a wallet, or one of its keys, may use in a window');
export type Limit = z.infer<typeof Limit>;

const reason = z.string().describe('why, in the words of whoever did it');

export const LimitSet = z
  .object({ walletId, limit: Limit, reason })
  .describe('A limit was set, changed or lifted.');
export const WalletFrozen = z
  .object({ walletId, reason })
  .describe('The wallet was frozen: it takes no new call.');
export const WalletUnfrozen = z
  .object({ walletId, reason })
  .describe('The wallet was unfrozen: calls run again.');

export const DenialsCounted = z
  .object({
    walletId,
    minute: Instant.describe('its beginning'),
    denials: z.array(z.object({ code: z.string(), count: z.int().positive() })),
  })
  .describe('How many calls were refused within one minute, by code; they moved nothing.');
