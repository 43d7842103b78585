import { z } from 'zod';
import type { EventOf } from '../event-table.ts';
import { Scenario } from '../permits.ts';
import { Alias } from '../price-list/events.ts';
import { noLimits, RateLimits } from '../wallet/rates.ts';

const Penalty = z.number().min(-2).max(2).optional();

export const Sampling = z
  .object({
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().min(0).max(1).optional(),
    top_k: z.int().min(0).max(1_000).optional(),
    presence_penalty: Penalty,
    frequency_penalty: Penalty,
    seed: z.int().optional(),
    stop: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(4)]).optional(),
    reasoning_effort: z
      .string()
      .regex(/^[a-z]{1,16}$/)
      .optional(),
  })
  .describe('fields of a request, by the names they have there; for calls that leave them out');
export type Sampling = z.infer<typeof Sampling>;

export const AliasTerms = z.object({
  description: z.string().max(2_000).nullable(),
  sampling: Sampling,
  systemPrompt: z
    .string()
    .min(1)
    .max(32_000)
    .nullable()
    .describe('goes before the messages of every chat; no member is shown it'),
  scenario: Scenario.nullable().describe('of calls that name none, by header or by key'),
  limits: RateLimits,
  maxInputTokens: z
    .int()
    .positive()
    .optional()
    .describe('more input than this no model behind it reads at once; absent: nobody has said it'),
});
/** What an alias is beside its price and its route. */
export type AliasTerms = z.infer<typeof AliasTerms>;

export const plainAlias: AliasTerms = {
  description: null,
  sampling: {},
  systemPrompt: null,
  scenario: null,
  limits: noLimits,
};

const AliasChanged = z
  .object({ alias: Alias, ...AliasTerms.shape })
  .describe('What calls of an alias take where they say nothing, and how often it may be asked.');

export const aliasEvents = { AliasChanged };
export type AliasEvent = EventOf<typeof aliasEvents>;
