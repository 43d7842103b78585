import { z } from 'zod';
import { Asset, Currency, Leg } from '../accounts.ts';
import { Instant, Uuid } from '../ids.ts';
import { Amount } from '../money.ts';
import { Prices } from '../price-list/events.ts';
import { Usage } from '../price-list/usage.ts';
import { NewLot } from './lot-events.ts';

const walletId = Uuid;
const legs = z.array(Leg);

const lotId = Uuid.nullable().describe('null: the overdraft');

export const LotPart = z.object({ lotId, amount: Amount }).describe('a part of one lot');
export type LotPart = z.infer<typeof LotPart>;

const Allocation = z
  .object({ lotId, asset: Asset, amount: Amount })
  .describe('what a hold takes from one lot, fixed when the call is reserved');

export const CallFacts = z
  .object({
    callId: Uuid,
    memberId: Uuid,
    apiKeyId: Uuid,
    requestId: z.string().describe('`x-request-id` of the answer'),
    clientRequestId: z.string().nullable().describe(`the caller's own \`x-request-id\``),
    model: z.string().describe('the alias that was asked for'),
  })
  .describe('whom a call is for and what it asked: all that its row says before its end');
export type CallFacts = z.infer<typeof CallFacts>;

export const EndedCall = CallFacts.omit({ clientRequestId: true }).describe(
  'the same, as the end of a call repeats it',
);
export type EndedCall = z.infer<typeof EndedCall>;

export const PriceUsed = z
  .object({
    alias: z.string(),
    version: z.int().positive(),
    currency: Currency,
    prices: Prices,
  })
  .describe('the price list that a charge was rated with, so that a replay needs no catalogue');
export type PriceUsed = z.infer<typeof PriceUsed>;

export const Basis = z
  .enum(['usage', 'estimate', 'checkpoint', 'bound'])
  .describe(
    '`usage`: the upstream said it; `estimate`: counted by us; `checkpoint`: counted up to a crash; ' +
      '`bound`: nobody counted what the call is paid in, so that it is charged all that it holds',
  );
export type Basis = z.infer<typeof Basis>;

export const CallOutcome = z
  .enum([
    'completed',
    'client_closed',
    'timed_out',
    'shut_down',
    'upstream_failed',
    'upstream_timed_out',
    'refused',
    'abandoned',
  ])
  .describe('what became of a call, as its row says');
export type CallOutcome = z.infer<typeof CallOutcome>;

export const Cost = z
  .object({ upstream: z.string(), asset: Currency, amount: Amount })
  .describe('what an upstream charges us');
export type Cost = z.infer<typeof Cost>;

/** What operators' budgets count a call under, beside its upstream and its alias. */
export const CostFacts = z.object({
  scenario: z.string().optional().describe('what the caller said that the call is for'),
  plan: z.string().optional().describe(`the member's plan`),
  clientApp: z.string().optional().describe('the client app that the call came from'),
});
export type CostFacts = z.infer<typeof CostFacts>;

const CountedCost = Cost.extend(CostFacts.shape).describe(
  'what an upstream charges us, and what budgets count it under',
);

export const BookedCost = CountedCost.extend({
  rated: z
    .object({ usage: Usage, prices: Prices })
    .optional()
    .describe('of what and at which prices it is; absent: nobody wrote it down'),
}).describe('what an upstream charges us for one attempt at a call');
export type BookedCost = z.infer<typeof BookedCost>;

export const Counted = z
  .object({
    limit: z
      .string()
      .describe(
        'which limit: key, `wallet`, `alias:` or `plan:` and its name, then window and measure',
      ),
    window: z.string().describe('which of its windows, by its beginning'),
    amount: Amount,
  })
  .describe(
    'what counts against a limit in one of its windows; negative when a bound is corrected',
  );
export type Counted = z.infer<typeof Counted>;

/** Events from before these fields were written had none of it. */
export const longAgo: Instant = '1970-01-01T00:00:00.000Z';
const at = Instant.default(longAgo).describe('when it was decided');
const counted = z.array(Counted).default([]);
const costs = z.array(BookedCost).default([]);

const ended = {
  walletId,
  call: EndedCall,
  outcome: CallOutcome,
  upstream: z
    .string()
    .nullable()
    .describe('the one that answered, or was asked last; null when none was'),
  upstreamModel: z.string().nullable().describe(`that upstream's own name of the model`),
  latencyMs: z.int().nonnegative().describe(`from the request to the answer's end`),
  firstTokenMs: z.int().nonnegative().nullable().describe('null: there was no first token'),
  asset: Asset,
  at,
  counted,
  costs,
  legs,
};

const characters = z.int().nonnegative().nullable();
const inCodePoints = 'code points of input and answer; null where nobody needed them';
const consumed = z.array(LotPart).describe('what each lot pays of the charge');
const returned = z.array(LotPart).describe('what each lot gets back of the hold');

export const CreditReserved = z
  .object({
    walletId,
    call: CallFacts,
    processId: Uuid.describe(
      'the process that must end this call; when its lease lapses the sweeper does',
    ),
    asset: Asset.describe('what the call is paid in'),
    amount: Amount.describe('the most that it may cost'),
    alloc: z.array(Allocation),
    maxOutput: z.int().nonnegative().describe('output tokens an answer may have, after the clamp'),
    tokens: Amount.default('0').describe(
      `the bound in tokens, which limits of tokens count until the call's end`,
    ),
    price: PriceUsed,
    mayCost: Cost.optional().describe(
      'what the upstream that is asked first may charge us; should nothing else be known of the call, ' +
        'that is its possible cost. Absent: nothing, or nobody said',
    ),
    at,
    counted,
    legs,
  })
  .describe('A call is about to run, and what it may cost is held for it.');

export const UsageSettled = z
  .object({
    ...ended,
    basis: Basis,
    usage: Usage,
    characters: characters.default(null).describe(inCodePoints),
    price: PriceUsed,
    charge: Amount,
    consumed,
    returned,
    swept: z
      .boolean()
      .default(false)
      .describe('the sweeper did it, so that the call itself may still post a difference'),
  })
  .describe('A call ended and was charged; the rest of its hold is free again.');

export const ReservationReleased = z
  .object({ ...ended, returned })
  .describe('A call ended and costs nothing: its whole hold is free again.');

export const ReservationExpired = z
  .object({
    ...ended,
    basis: z.literal('no_evidence'),
    possibleCosts: z
      .array(Cost)
      .default([])
      .describe('what the upstreams may charge us; in `suspense` until somebody knows'),
    returned,
  })
  .describe('The process of a hold is gone, and nothing says what the call consumed: it is free.');

export const LateSettlementPosted = z
  .object({
    ...ended,
    usage: Usage,
    characters: characters.describe(inCodePoints),
    price: PriceUsed,
    charge: Amount.describe('the whole charge now; what corrections gave back of it is part of it'),
    first: z
      .boolean()
      .nullable()
      .default(null)
      .describe(
        `nothing of the call was counted before, and it isn't one that failed; null: nobody wrote it down`,
      ),
    difference: Amount.describe('what is charged now beyond what was; negative when too much was'),
    consumed,
    lots: z.array(NewLot).describe('in which lots comes back what was too much'),
    costs: z
      .array(CountedCost)
      .default([])
      .describe(
        'beyond those that were booked when the hold was swept; negative where too much was',
      ),
  })
  .describe('What a call that outlived its hold consumed, less what the sweeper charged for it.');

export const LateCostsPosted = z
  .object({
    walletId,
    call: EndedCall,
    upstream: ended.upstream,
    upstreamModel: ended.upstreamModel,
    at,
    costs: z
      .array(CountedCost)
      .describe(
        'beyond those that were booked when the hold was swept; negative where too much was',
      ),
    legs,
  })
  .describe(
    'What a call cost us that outlived its hold: what it consumed beyond the charge that the sweeper made was not available, so that the charge stays.',
  );

const Treatment = z
  .enum(['absorbed', 'owed'])
  .describe('who bears what is beyond a hold: the operator, or the member');
export type Treatment = z.infer<typeof Treatment>;

export const OverageAccrued = z
  .object({
    walletId,
    callId: Uuid,
    asset: Asset,
    amount: Amount.describe('what is beyond the hold'),
    treatment: Treatment,
    counted,
    legs,
  })
  .describe('More was used than could be reserved.');
