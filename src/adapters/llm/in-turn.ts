import { CallFault } from './call-fault.ts';
import type { UpstreamWatch, Watched } from './upstream-watch.ts';

/** How often and how long upstreams are asked before a call is given up. */
export interface Retrying {
  /** Attempts of one call, at all upstreams together. */
  readonly attempts: number;
  /** How often one upstream is asked again after a fault that may pass. */
  readonly retries: number;
  /** The first pause before that; it doubles. */
  readonly firstPauseMs: number;
  /** No pause is longer; who asks for a longer one is not waited for. */
  readonly longestPauseMs: number;
  /** Nobody is asked again later. */
  readonly windowMs: number;
}

export interface TurnParts {
  readonly watch: Pick<UpstreamWatch, 'observe' | 'coolUntilMs'>;
  readonly retrying: Retrying;
  readonly nowMs: () => number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** Throws when the call is ended meanwhile. */
  readonly pause: (ms: number) => Promise<void>;
}

/** A candidate of a call and how it fared. */
interface Turn<Trial> {
  readonly trial: Trial;
  readonly candidate: Watched;
  asked: number;
  /** It is not asked before. */
  readyMs: number;
  /** It is not asked again. */
  isOut: boolean;
  fault?: CallFault;
}

/**
 * Asks one candidate after the other until one answers: each at once while there is one that was not
 * asked yet, then, after a pause, again those whose fault may pass. Throws the fault that says most
 * when nobody answers, and at once what another candidate would say as well.
 */
export async function inTurn<Trial, Answer>(
  trials: readonly { readonly trial: Trial; readonly candidate: Watched }[],
  parts: TurnParts,
  ask: (trial: Trial) => Promise<Answer>,
): Promise<Answer> {
  const { watch, retrying, nowMs, random } = parts;
  const beganMs = nowMs();
  const latestMs = beganMs + retrying.windowMs;
  // Those who wait for the same moment don't come together.
  const readyMs = (coolUntilMs: number) =>
    coolUntilMs <= beganMs ? coolUntilMs : coolUntilMs + random() * retrying.firstPauseMs;
  const turns = trials.map(
    ({ trial, candidate }): Turn<Trial> => ({
      ...{ trial, candidate, asked: 0, isOut: false },
      readyMs: readyMs(watch.coolUntilMs(candidate)),
    }),
  );
  for (let attempts = 0; attempts < retrying.attempts; attempts += 1) {
    const turn = nextOf(turns, parts);
    if (!turn || (turn.asked > 0 && Math.max(turn.readyMs, nowMs()) > latestMs)) break;
    const answered = await taken(turn, parts, ask);
    if (answered) return answered.answer;
  }
  throw tellingFault(turns, nowMs());
}

/** Asks when it is time; undefined when another may do better. */
async function taken<Trial, Answer>(
  turn: Turn<Trial>,
  parts: TurnParts,
  ask: (trial: Trial) => Promise<Answer>,
): Promise<{ readonly answer: Answer } | undefined> {
  const pauseMs = turn.readyMs - parts.nowMs();
  if (pauseMs > 0) await parts.pause(pauseMs);
  turn.asked += 1;
  try {
    return { answer: await ask(turn.trial) };
  } catch (error) {
    if (!(error instanceof CallFault && error.retryable)) throw error;
    failed(turn, error, parts);
    return undefined;
  }
}

/** Who was not asked yet goes first, then who is ready first; each time whoever is well before whoever is not. */
function nextOf<Trial>(
  turns: readonly Turn<Trial>[],
  { watch, retrying, nowMs }: TurnParts,
): Turn<Trial> | undefined {
  const now = nowMs();
  const left = turns.filter(
    ({ isOut, readyMs }) => !isOut && readyMs - now <= retrying.longestPauseMs,
  );
  const fresh = left.filter(({ asked, readyMs }) => asked === 0 && readyMs <= now);
  const isWell = ({ candidate }: Turn<Trial>) => {
    const { absence } = watch.observe(candidate);
    return absence === undefined || absence === 'cooling_down';
  };
  const again = left.toSorted((a, b) => a.readyMs - b.readyMs);
  return fresh.find(isWell) ?? fresh[0] ?? again.find(isWell) ?? again[0];
}

function failed<Trial>(
  turn: Turn<Trial>,
  fault: CallFault,
  { retrying, nowMs, random }: TurnParts,
): void {
  turn.fault = fault;
  turn.isOut = !fault.passing || turn.asked > retrying.retries;
  const longest = Math.min(retrying.longestPauseMs, retrying.firstPauseMs * 2 ** (turn.asked - 1));
  const jittered = longest * (0.5 + random() / 2);
  // What is asked for is the least; those who wait together don't come together.
  const askedFor = fault.retryAfterMs;
  turn.readyMs = nowMs() + (askedFor === undefined ? jittered : askedFor + jittered / 5);
}

/** A request is too long when nobody is left who might take it; else whoever is says what to do. */
function tellingFault<Trial>(turns: readonly Turn<Trial>[], nowMs: number): CallFault {
  const isTooLong = ({ fault }: Turn<Trial>) => fault?.code === 'context_length_exceeded';
  const mightTakeIt = (turn: Turn<Trial>) =>
    !isTooLong(turn) && (turn.fault ? !turn.fault.isWell : turn.readyMs > nowMs);
  const tooLong = turns.find(isTooLong)?.fault;
  if (!tooLong) return failureOf(turns, nowMs);
  const others = turns.filter(mightTakeIt);
  return others.length === 0 ? tooLong : failureOf(others, nowMs);
}

/** That a model is busy is true only when all who answer for it say so. */
function failureOf<Trial>(turns: readonly Turn<Trial>[], nowMs: number): CallFault {
  const isLimited = ({ asked, readyMs }: Turn<Trial>) => asked > 0 || readyMs > nowMs;
  const others = turns.flatMap(({ fault }) =>
    fault && fault.code !== 'upstream_limited' ? [fault] : [],
  );
  const last = others.at(-1);
  if (last) return last;
  if (!turns.every(isLimited)) {
    return new CallFault('upstream_failed', 'Not every upstream of this model was asked.');
  }
  const soonestMs = Math.min(...turns.map(({ readyMs }) => readyMs)) - nowMs;
  const retryAfterMs = Math.max(1_000, soonestMs);
  return new CallFault('upstream_limited', 'Every upstream of this model is asked too much.', {
    ...{ retryAfterMs, why: 'model_busy', cause: turns.at(-1)?.fault },
    values: { seconds: Math.ceil(retryAfterMs / 1_000) },
  });
}
