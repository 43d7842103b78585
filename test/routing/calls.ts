import type { Retrying } from '../../src/adapters/llm/in-turn.ts';
import { inTurn } from '../../src/adapters/llm/in-turn.ts';
import type { Candidate, RouteTerms } from '../../src/domain/route/events.ts';
import { rank } from '../../src/domain/route/rank.ts';
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
}

export interface CallsOptions {
  readonly count: number;
  readonly perSecond: number;
  /** The route as it is for a call that comes now. */
  readonly route: () => RouteTerms;
  readonly session?: (n: number) => string | undefined;
}

/** Calls that come one by one at random moments, each routed and tried as the program does. */
export async function simulateCalls(
  world: RoutingWorld,
  { count, perSecond, route, session = () => undefined }: CallsOptions,
): Promise<readonly Outcome[]> {
  const { time, random } = world;
  const outcomes: Outcome[] = [];
  const come = (n: number) => {
    if (n === count) return;
    void oneCall(world, { n, route: route(), session: session(n) }).then((outcome) =>
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
}

async function oneCall(world: RoutingWorld, { n, route, session }: Coming): Promise<Outcome> {
  const { time, random, watch } = world;
  const atMs = time.nowMs();
  const asked: string[] = [];
  const ranked = rank({
    terms: route,
    call: { inputTokens: 1_000, outputTokens: 500, at: new Date(atMs), session },
    observe: watch.observe,
    random: random.number,
  });
  const turns = ranked.map(({ candidate }) => ({ trial: candidate, candidate }));
  const ask = async (candidate: Candidate): Promise<string> => {
    const { upstream } = candidate;
    asked.push(upstream);
    await watch.ask(candidate, () => world.answer(upstream), new AbortController().signal);
    return upstream;
  };
  const parts = { watch, retrying, nowMs: time.nowMs, random: random.number, pause: world.sleep };
  const by = await inTurn(turns, parts, ask).catch(() => undefined);
  return { n, atMs, by, asked };
}
