import type { Logger } from 'pino';
import type { Observed, Trend } from '../../domain/route/observed.ts';
import { faded, moved, recent } from '../../domain/route/observed.ts';
import { CallFault } from './call-fault.ts';
import type { Circuit, Verdict } from './circuit.ts';
import { circuit } from './circuit.ts';
import type { FirstAnswer } from './first-answer.ts';
import { untilEnd } from './until-end.ts';

/** An upstream's model, as routes name it. */
export interface Watched {
  readonly upstream: string;
  readonly model: string;
}

/** What this process sees of the upstreams: nothing of it is written, and each process has its own. */
export interface UpstreamWatch {
  observe(candidate: Watched): Observed;
  /** From when it may be asked again after it said that it is asked too much; on `nowMs`'s clock. */
  coolUntilMs(candidate: Watched): number;
  /** Asks, and learns from what comes. `ended` aborts when nobody reads the answer any more. */
  ask(
    candidate: Watched,
    ask: () => Promise<FirstAnswer>,
    ended: AbortSignal,
  ): Promise<FirstAnswer>;
}

export interface WatchParts {
  /** Milliseconds on a clock that never goes back. */
  readonly nowMs: () => number;
  /** Calls that an upstream takes at once; null: nobody knows. */
  readonly capacityOf: (upstream: string) => number | null;
  /** How long an upstream that fails is left alone. */
  readonly circuitOpenMs: number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

interface Seen {
  firstToken?: Trend;
  errors?: Trend;
  coolUntilMs: number;
}

interface UpstreamSeen {
  inFlight: number;
  readonly circuit: Circuit;
}

/** Who is asked too much and doesn't say for how long is left alone so long. */
const usualCoolMs = 1_000;

export function upstreamWatch({
  nowMs,
  capacityOf,
  circuitOpenMs,
  log,
}: WatchParts): UpstreamWatch {
  const upstreams = new Map<string, UpstreamSeen>();
  const models = new Map<string, Seen>();

  const upstreamOf = (id: string): UpstreamSeen => {
    const seen = upstreams.get(id) ?? {
      inFlight: 0,
      circuit: circuit({
        ...{ nowMs, openMs: circuitOpenMs, verdictOn },
        changed: (isOpen) => tell(log, id, isOpen),
      }),
    };
    upstreams.set(id, seen);
    return seen;
  };
  const modelOf = ({ upstream, model }: Watched): Seen => {
    const name = `${upstream}/${model}`;
    const seen = models.get(name) ?? { coolUntilMs: 0 };
    models.set(name, seen);
    return seen;
  };

  const noteError = (seen: Seen, share: 0 | 1): void => {
    const atMs = nowMs();
    const before = seen.errors && { mean: faded(seen.errors, atMs), atMs };
    seen.errors = moved(before, share, atMs);
  };
  const noteFault = (seen: Seen, error: unknown): void => {
    if (!(error instanceof CallFault && error.retryable)) return;
    if (error.code !== 'upstream_limited') noteError(seen, 1);
    else {
      const coolMs = error.retryAfterMs ?? usualCoolMs;
      seen.coolUntilMs = Math.max(seen.coolUntilMs, nowMs() + coolMs);
    }
  };

  return {
    observe(candidate) {
      const { inFlight, circuit: its } = upstreamOf(candidate.upstream);
      const { firstToken, errors, coolUntilMs } = modelOf(candidate);
      const atMs = nowMs();
      const capacity = capacityOf(candidate.upstream);
      const isFull = capacity !== null && inFlight >= capacity;
      const cools = atMs < coolUntilMs ? 'cooling_down' : undefined;
      return {
        inFlight,
        capacity,
        firstTokenMs: recent(firstToken, atMs),
        errorRate: faded(errors, atMs),
        absence: its.isOpen(atMs) ? 'circuit_open' : (cools ?? (isFull ? 'full' : undefined)),
      };
    },
    coolUntilMs: (candidate) => modelOf(candidate).coolUntilMs,
    async ask(candidate, ask, ended) {
      const upstream = upstreamOf(candidate.upstream);
      const seen = modelOf(candidate);
      const leave = entered(upstream, ended);
      const beganMs = nowMs();
      try {
        const answer = await upstream.circuit.run(ask);
        seen.firstToken = moved(seen.firstToken, nowMs() - beganMs, nowMs());
        noteError(seen, 0);
        if (!answer.stream) {
          leave();
          return answer;
        }
        const failed = (error: unknown) => noteFault(seen, error);
        return { ...answer, rest: untilEnd(answer.rest, { failed, over: leave }) };
      } catch (error) {
        leave();
        noteFault(seen, error);
        throw error;
      }
    },
  };
}

function tell(log: WatchParts['log'], upstream: string, isOpen: boolean): void {
  if (isOpen) log.warn({ upstream }, 'an upstream fails and is left alone');
  else log.info({ upstream }, 'an upstream is back');
}

/** Counts a call in, and out again once, however it ends. */
function entered(upstream: UpstreamSeen, ended: AbortSignal): () => void {
  upstream.inFlight += 1;
  let isIn = true;
  const leave = () => {
    if (isIn) upstream.inFlight -= 1;
    isIn = false;
    ended.removeEventListener('abort', leave);
  };
  ended.addEventListener('abort', leave, { once: true });
  return leave;
}

/** Being asked too much doesn't speak against an upstream, nor what is wrong with one model or request. */
function verdictOn(error: unknown): Verdict {
  if (!(error instanceof CallFault)) return 'unknown';
  const { code, retryable, isWell } = error;
  if (code === 'upstream_refused' || code === 'upstream_limited' || isWell) return 'answers';
  return retryable ? 'fails' : 'unknown';
}
