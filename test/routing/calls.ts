import type { CallBudget } from '../../src/adapters/llm/budgets.ts';
import { CallFault } from '../../src/adapters/llm/call-fault.ts';
import type { Retrying } from '../../src/adapters/llm/in-turn.ts';
import { inTurn } from '../../src/adapters/llm/in-turn.ts';
import type { BudgetedCall } from '../../src/adapters/llm/within-budgets.ts';
import {
  affordable,
  budgetSpent,
  hasRoom,
  openBudget,
  spendingAt,
} from '../../src/adapters/llm/within-budgets.ts';
import type { Spending } from '../../src/domain/budget/spending.ts';
import { costTermsOf } from '../../src/domain/route/cost.ts';
import type { Candidate, RouteTerms } from '../../src/domain/route/events.ts';
import { rank } from '../../src/domain/route/rank.ts';
import type { SpendingWorld } from './spending.ts';
import type { RoutingWorld } from './world.ts';

/** The program's own settings. */
const retrying: Retrying = {
  ...{ attempts: 8, retries: 2 },
  ...{ firstPauseMs: 250, longestPauseMs: 5_000, windowMs: 150_000 },
};

/** What a call came to. */
export interface Outcome {
  readonly n: number;
  readonly atMs: number;
  /** Who answered; undefined: nobody, the call is lost. */
  readonly by: string | undefined;
  readonly asked: readonly string[];
  /** A budget had no room for it: it was not made. */
  readonly refused: boolean;
}

export interface CallsOptions {
  readonly count: number;
  readonly perSecond: number;
  /** The route as it is for a call that comes now. */
  readonly route: () => RouteTerms;
  readonly session?: (n: number) => string | undefined;
  /** Whose budgets the calls must fit into. */
  readonly spending?: SpendingWorld;
}

/** Calls that come one by one at random moments, each routed and tried as the program does. */
export async function simulateCalls(
  world: RoutingWorld,
  { count, perSecond, route, session = () => undefined, spending }: CallsOptions,
): Promise<readonly Outcome[]> {
  const { time, random } = world;
  const outcomes: Outcome[] = [];
  const come = (n: number) => {
    if (n === count) return;
    void oneCall(world, { n, route: route(), session: session(n), spending }).then((outcome) =>
      outcomes.push(outcome),
    );
    time.after((-Math.log(1 - random.number()) * 1_000) / perSecond, () => come(n + 1));
  };
  time.after(0, () => come(0));
  await time.runUntil(Number.MAX_SAFE_INTEGER, () => outcomes.length === count);
  return outcomes;
}

interface Coming {
  readonly n: number;
  readonly route: RouteTerms;
  readonly session: string | undefined;
  readonly spending: SpendingWorld | undefined;
}

const size = { inputTokens: 1_000, outputTokens: 500 };

async function oneCall(world: RoutingWorld, coming: Coming): Promise<Outcome> {
  const { n, route, session, spending } = coming;
  const { time, random, watch } = world;
  const atMs = time.nowMs();
  const asked: string[] = [];
  const budgeted: BudgetedCall = {
    ...{ budgets: spending?.of(n), callId: String(n), counting: { alias: 'm' }, size },
  };
  const ranked = rank({
    terms: route,
    call: { ...size, at: new Date(atMs), session },
    observe: watch.observe,
    hasRoom: hasRoom(budgeted),
    random: random.number,
  });
  try {
    const candidates = affordable(budgeted, ranked);
    const [first] = candidates;
    const budget = first && openBudget(budgeted, costing(first));
    const costs: Spending[] = [];
    let isSpent = false;
    const ask = async (candidate: Candidate): Promise<string> => {
      const { upstream } = candidate;
      if (budget && !budget.asks(spendingAt(budgeted, costing(candidate)))) {
        isSpent = true;
        throw budgetSpent();
      }
      asked.push(upstream);
      const attempt = { budgeted, candidate, budget, costs };
      const answer = () => (spending ? paid(world, attempt) : world.answer(upstream));
      await watch.ask(candidate, answer, new AbortController().signal);
      return upstream;
    };
    const parts = { watch, retrying, nowMs: time.nowMs, random: random.number, pause: world.sleep };
    const turns = candidates.map((candidate) => ({ trial: candidate, candidate }));
    const by = await inTurn(turns, parts, ask).catch(() => undefined);
    spending?.write(String(n), costs);
    budget?.over();
    return { n, atMs, by, asked, refused: by === undefined && isSpent };
  } catch (error) {
    if (!(error instanceof CallFault && error.code === 'budget_spent')) throw error;
    return { n, atMs, by: undefined, asked, refused: true };
  }
}

const costing = (candidate: Candidate) => ({
  ...{ upstream: candidate.upstream, cost: costTermsOf(candidate) },
});

interface Attempt {
  readonly budgeted: BudgetedCall;
  readonly candidate: Candidate;
  readonly budget: CallBudget | undefined;
  readonly costs: Spending[];
}

/** An answer costs some of what it may; half of the attempts that fail had begun, and cost their input. */
async function paid(world: RoutingWorld, { budgeted, candidate, budget, costs }: Attempt) {
  const { random } = world;
  const charge = (outputTokens: number) => {
    budget?.answering();
    const used = { ...budgeted, size: { ...size, outputTokens } };
    costs.push(spendingAt(used, costing(candidate)));
  };
  try {
    const answer = await world.answer(candidate.upstream);
    charge(random.whole(0, size.outputTokens));
    return answer;
  } catch (error) {
    if (random.is(0.5)) charge(0);
    throw error;
  }
}
