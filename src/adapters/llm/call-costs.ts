import type { Amount } from '../../domain/money.ts';
import { canonical } from '../../domain/money.ts';
import type { Usage } from '../../domain/price-list/usage.ts';
import type { CostTerms } from '../../domain/route/cost.ts';
import { costBound, ratedCost } from '../../domain/route/cost.ts';
import type { BookedCost, CostFacts } from '../../domain/wallet/call-events.ts';
import { ownCount } from './call-evidence.ts';
import type { CallHold } from './call-hold.ts';
import type { ChatCall } from './chat-call.ts';
import { inputTokens } from './input.ts';
import type { Asked, AskedCost } from './journal.ts';
import type { CallPlan, Trial } from './plan-call.ts';
import type { Received } from './received.ts';
import { received as textOf } from './received.ts';
import { spendingAt } from './within-budgets.ts';

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
  /** Everything, once the call is over. `usage`: what the last upstream said. Never rejects. */
  all(usage?: Usage): Promise<readonly BookedCost[]>;
}

export interface CostParts {
  readonly call: ChatCall;
  readonly plan: CallPlan;
  readonly hold: CallHold;
  readonly received: Received;
}

interface Attempt {
  readonly trial: Trial;
  partial: (() => string) | undefined;
  isAnswering: boolean;
  isOver: boolean;
  charged?: BookedCost;
}

export function callCosts(parts: CostParts): CallCosts {
  const { call, plan, hold } = parts;
  const attempts: Attempt[] = [];
  let counting: Promise<unknown> = Promise.resolve();
  const facts = factsOf(call);
  const most = { inputTokens: plan.inputBound, outputTokens: call.n * hold.maxOutput };

  /** One that has not begun to answer charges nothing, and of one that names no cost nobody knows. */
  async function end(attempt: Attempt, text: Received, said?: Usage): Promise<void> {
    attempt.isOver = true;
    const { trial, isAnswering } = attempt;
    if (!(isAnswering && trial.cost)) return;
    try {
      const usage = said ?? (await countedBy(parts, { family: trial.family, text }));
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
      if (last) counting = Promise.all([counting, end(last, beginningOf(last))]);
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
        if (isOver || !cost) return named;
        return { ...named, cost: { terms: cost, bound: canonical(costBound(cost, most)), facts } };
      }),
    counted: () => counting,
    async all(usage) {
      const last = attempts.at(-1);
      const isBroken = parts.received.isEmpty();
      if (last) await end(last, isBroken ? beginningOf(last) : parts.received, usage);
      await counting;
      return attempts.flatMap(({ charged }) => charged ?? []);
    },
  };
}

/** What came of a body that never became whole. */
function beginningOf({ partial }: Attempt): Received {
  const text = textOf();
  if (partial) text.takePartial(partial());
  return text;
}

async function countedBy(
  { call, plan, hold }: CostParts,
  { family, text }: { readonly family: Trial['family']; readonly text: Received },
): Promise<Usage> {
  const [input, output] = await Promise.all([
    inputTokens(family, plan.input),
    text.tokens(family, 'received'),
  ]);
  return ownCount({ call, plan, hold }, { input, output });
}

/** What budgets count a call under. */
export const factsOf = ({ scenario, plan, clientApp }: ChatCall): CostFacts => ({
  ...(scenario === undefined ? {} : { scenario }),
  ...(plan === undefined ? {} : { plan }),
  ...(clientApp === undefined ? {} : { clientApp }),
});

interface Rated {
  readonly terms: CostTerms;
  readonly usage: Usage;
  readonly facts: CostFacts;
}

function bookedCost(upstream: string, { terms, usage, facts }: Rated): BookedCost {
  const amount: Amount = canonical(ratedCost(usage, terms));
  const { currency: asset, prices } = terms;
  return { upstream, asset, amount, ...facts, rated: { usage, prices } };
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
    return {
      costs: [...costs, bookedCost(upstream, { ...cost, usage: counted.usage })],
      possibleCosts: [],
    };
  }
  return { costs, possibleCosts: [boundOf(upstream, cost)] };
}

const boundOf = (upstream: string, { terms, bound }: AskedCost) => ({
  ...{ upstream, asset: terms.currency, amount: bound },
});
