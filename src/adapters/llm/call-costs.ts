import { canonical } from '../../domain/money.ts';
import type { Usage } from '../../domain/price-list/usage.ts';
import type { CostTerms } from '../../domain/route/cost.ts';
import { costBound, costBoundByOutput, ratedCost } from '../../domain/route/cost.ts';
import type { BookedCost, CostFacts } from '../../domain/wallet/call-events.ts';
import type { MayCost } from '../../domain/wallet/commands.ts';
import { ownCount } from './call-evidence.ts';
import type { CallHold } from './call-hold.ts';
import { endpoints } from './endpoints/endpoints.ts';
import type { Asked, AskedCost } from './journal.ts';
import type { ModelCall } from './model-call.ts';
import { cameOf, ownTokens } from './own-tokens.ts';
import type { CallPlan, Trial } from './plan-call.ts';
import { fittingMeasure } from './quotes.ts';
import type { Received } from './received.ts';
import { received as textOf } from './received.ts';
import { atMostOf, spendingAt } from './within-budgets.ts';

/** What the upstreams of one call charge us, attempt by attempt. */
export interface CallCosts {
  /** Counts what an attempt may cost; false: a budget has no room for it. */
  mayAsk(trial: Trial): boolean;
  /** Another one is asked; the attempt before is over. */
  asking(trial: Trial): void;
  /** It has begun to answer, and so to charge us; `partial` gives what has come of a body so far. */
  answering(partial?: () => string): void;
  /** Who was asked, and what is known of what they charge. */
  asked(): readonly Asked[];
  /** Resolves when the attempts that are over are counted. */
  counted(): Promise<unknown>;
  /** Everything, once the call is over. Never rejects. */
  all(known: Known): Promise<readonly BookedCost[]>;
}

/** What is known of what the last upstream was asked for, and needn't be counted. */
interface Known {
  /** As the upstream said it. */
  readonly said?: unknown;
  /** As the call's own price list counts it. */
  readonly usage?: Usage;
}

export interface CostParts {
  readonly call: ModelCall;
  readonly plan: CallPlan;
  readonly hold: CallHold;
  readonly received: Received;
  /** What its costs are booked under. */
  readonly facts: CostFacts;
}

interface Attempt {
  readonly trial: Trial;
  partial: (() => string) | undefined;
  isAnswering: boolean;
  isOver: boolean;
  charged?: BookedCost | undefined;
}

export function callCosts(parts: CostParts): CallCosts {
  const { call, plan, hold, facts } = parts;
  const attempts: Attempt[] = [];
  let counting: Promise<unknown> = Promise.resolve();
  const outputTokens = plan.measure.output === null ? 0 : call.n * hold.maxOutput;
  const { input, bounds, predicted } = plan;
  const most = {
    inputTokens: bounds.input + bounds.heard,
    ...{ outputTokens, speaks: input.voice !== undefined },
    atMost: atMostOf(call, { input, bounds, predicted }),
  };

  /** One that has not begun to answer charges nothing, and of one that names no cost nobody knows. */
  async function end(attempt: Attempt, text: Received, known: Known): Promise<void> {
    attempt.isOver = true;
    const { trial, isAnswering } = attempt;
    if (!(isAnswering && trial.cost)) return;
    try {
      const usage = await usageAt({ ...trial, cost: trial.cost }, { ...parts, text, known });
      if (usage)
        attempt.charged = bookedCost(trial.upstream.id, { terms: trial.cost, usage, facts });
    } catch {
      // What can't be counted is unknown: the call must end all the same.
    }
  }

  return {
    mayAsk({ upstream, cost }) {
      const counting = { alias: call.facts.model, ...facts };
      const spending = spendingAt({ counting, size: most }, { upstream: upstream.id, cost });
      return plan.budget?.asks(spending) ?? true;
    },
    asking(trial) {
      const last = attempts.at(-1);
      // Whatever was read of it was read here: what goes to the client comes from the last one alone.
      if (last) counting = Promise.all([counting, end(last, beginningOf(call, last), {})]);
      attempts.push({ trial, partial: undefined, isAnswering: false, isOver: false });
    },
    answering(partial) {
      const last = attempts.at(-1);
      if (last) Object.assign(last, { partial, isAnswering: true });
      plan.budget?.answering();
    },
    asked: () =>
      attempts.map(({ trial: { upstream, model, cost }, isOver, charged }): Asked => {
        const named = { upstream: upstream.id, model };
        if (charged) return { ...named, charged };
        const bound = isOver || !cost ? undefined : costBound(cost, most);
        if (!(cost && bound)) return named;
        return { ...named, cost: { terms: cost, bound: canonical(bound), facts } };
      }),
    counted: () => counting,
    async all(known) {
      const last = attempts.at(-1);
      const text = last && hasNothing(parts.received) ? beginningOf(call, last) : parts.received;
      if (last) await end(last, text, known);
      await counting;
      return attempts.flatMap(({ charged }) => charged ?? []);
    },
  };
}

/** Neither a word nor a whole piece. */
const hasNothing = (received: Received): boolean =>
  received.isEmpty() && received.pieces('received') === 0;

/** What came of a body that never became whole. */
function beginningOf({ endpoint }: ModelCall, { partial }: Attempt): Received {
  const text = textOf(endpoints[endpoint]);
  if (partial) text.takePartial(partial());
  return text;
}

interface Counting extends CostParts {
  readonly text: Received;
  readonly known: Known;
}

/** What was consumed, by the way of counting that the upstream's own prices are for; undefined: there is none. */
async function usageAt(
  { cost, ...trial }: Trial & { readonly cost: CostTerms },
  { call, plan, hold, text, known }: Counting,
): Promise<Usage | undefined> {
  const measure = fittingMeasure(endpoints[call.endpoint], plan.input, cost.prices);
  if (!measure) return undefined;
  if (known.usage && measure === plan.measure) return known.usage;
  const said = measure.usageOf(known.said, plan.input, cameOf(text));
  if (said) return said;
  const own = await ownTokens(trial, plan.input, text, 'received');
  return ownCount({ call, plan: { ...plan, measure }, hold }, own);
}

/** What an attempt may cost, by the output of each of its `n` answers; undefined: nobody said. */
export function mayCostAt(
  { upstream, cost }: Trial,
  { n, ...size }: Parameters<typeof costBoundByOutput>[1] & { readonly n: number },
): MayCost | undefined {
  const bound = cost && costBoundByOutput(cost, size);
  if (!(cost && bound)) return undefined;
  const { fixed, perOutput } = bound;
  return { upstream: upstream.id, asset: cost.currency, fixed, perOutput: perOutput.times(n) };
}

/** What budgets count a call under. */
export const factsOf = ({
  scenario,
  plan,
  clientApp,
}: Pick<ModelCall, 'scenario' | 'plan' | 'clientApp'>): CostFacts => ({
  ...(scenario === undefined ? {} : { scenario }),
  ...(plan === undefined ? {} : { plan }),
  ...(clientApp === undefined ? {} : { clientApp }),
});

interface Rated {
  readonly terms: CostTerms;
  readonly usage: Usage;
  readonly facts: CostFacts;
}

/** Undefined: the terms have no price for something of it. */
function bookedCost(upstream: string, { terms, usage, facts }: Rated): BookedCost | undefined {
  const amount = ratedCost(usage, terms);
  if (!amount) return undefined;
  const { currency: asset, prices } = terms;
  return { upstream, asset, amount: canonical(amount), ...facts, rated: { usage, prices } };
}

/** The costs of a call whose process is gone, by what the journal has of it. */
export function costsFound(
  asked: readonly Asked[],
  counted: { readonly usage: Usage } | null,
): {
  readonly costs: readonly BookedCost[];
  readonly possibleCosts: readonly Pick<BookedCost, 'upstream' | 'asset' | 'amount'>[];
} {
  const costs = asked.flatMap(({ charged }) => charged ?? []);
  const last = asked.at(-1);
  if (!last?.cost) return { costs, possibleCosts: [] };
  const { upstream, cost } = last;
  if (counted) {
    const charged = bookedCost(upstream, { ...cost, usage: counted.usage });
    return { costs: charged ? [...costs, charged] : costs, possibleCosts: [] };
  }
  return { costs, possibleCosts: [boundOf(upstream, cost)] };
}

const boundOf = (upstream: string, { terms, bound }: AskedCost) => ({
  ...{ upstream, asset: terms.currency, amount: bound },
});
