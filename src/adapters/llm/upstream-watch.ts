import type { Logger } from 'pino';
import type { Observed, Trend } from '../../domain/route/observed.ts';
import { faded, moved, recent } from '../../domain/route/observed.ts';
import { CallFault, isRefusal } from './call-fault.ts';
import type { Circuit } from './circuit.ts';
import { circuit, verdictOn } from './circuit.ts';
import type { FirstAnswer } from './first-answer.ts';
import { usualCoolMs } from './retry-after.ts';
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
  /** Asks an upstream what is no call, and learns whether it fails. */
  probe(upstream: string, ask: () => Promise<void>): Promise<void>;
  /** Forgets how an upstream fared, because it is another one now; its calls in flight still count. */
  renew(upstream: string): void;
  /** Of every upstream that was asked, or looked at. */
  state(upstream: string): UpstreamState;
}

export interface UpstreamState {
  readonly inFlight: number;
  /** It fails, and is left alone. */
  readonly fails: boolean;
}

export interface WatchParts {
  /** Milliseconds on a clock that never goes back. */
  readonly nowMs: () => number;
  /** Calls that an upstream takes at once; null: nobody knows. */
  readonly capacityOf: (upstream: string) => number | null;
  /** How long an upstream that fails is left alone. */
  readonly circuitOpenMs: number;
  /** Somebody else finds out when it is back; nobody unless said. */
  readonly isProbed?: (upstream: string) => boolean;
  /** Its circuit has opened, or closed again. */
  readonly circuitChanged?: (upstream: string, isOpen: boolean) => void;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

interface Seen {
  firstToken?: Trend;
  errors?: Trend;
  coolUntilMs: number;
}

interface UpstreamSeen {
  inFlight: number;
  circuit: Circuit;
}

export function upstreamWatch(parts: WatchParts): UpstreamWatch {
  const { nowMs, capacityOf } = parts;
  const upstreams = new Map<string, UpstreamSeen>();
  const models = new Map<string, Seen>();

  const upstreamOf = (id: string): UpstreamSeen => {
    const seen = upstreams.get(id) ?? { inFlight: 0, circuit: circuitOf(id, parts) };
    upstreams.set(id, seen);
    return seen;
  };
  const modelOf = ({ upstream, model }: Watched): Seen => {
    const name = `${upstream}/${model}`;
    const seen = models.get(name) ?? { coolUntilMs: 0 };
    models.set(name, seen);
    return seen;
  };

  return {
    probe: (id, ask) => upstreamOf(id).circuit.run(ask),
    renew(id) {
      const seen = upstreams.get(id);
      if (seen) seen.circuit = circuitOf(id, parts);
      for (const name of models.keys()) if (name.startsWith(`${id}/`)) models.delete(name);
    },
    state(id) {
      const { inFlight, circuit: its } = upstreamOf(id);
      return { inFlight, fails: its.isOpen(nowMs()) };
    },
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
        noteShare(seen, 0, nowMs());
        if (!answer.stream) {
          leave();
          return answer;
        }
        const failed = (error: unknown) => noteFault(seen, error, nowMs());
        return { ...answer, rest: untilEnd(answer.rest, { failed, over: leave }) };
      } catch (error) {
        leave();
        noteFault(seen, error, nowMs());
        throw error;
      }
    },
  };
}

/** Of its latest calls some failed: this one did, or did not. */
function noteShare(seen: Seen, failed: 0 | 1, atMs: number): void {
  const before = seen.errors && { mean: faded(seen.errors, atMs), atMs };
  seen.errors = moved(before, failed, atMs);
}

/** Only what is the upstream's own is held against it. */
function noteFault(seen: Seen, error: unknown, atMs: number): void {
  if (!(error instanceof CallFault && error.retryable) || isRefusal(error)) return;
  // It was not asked.
  if (error.code === 'unsupported_input') return;
  if (error.code !== 'upstream_limited') noteShare(seen, 1, atMs);
  else seen.coolUntilMs = Math.max(seen.coolUntilMs, atMs + (error.retryAfterMs ?? usualCoolMs));
}

const circuitOf = (id: string, parts: WatchParts): Circuit =>
  circuit({
    ...{ nowMs: parts.nowMs, openMs: parts.circuitOpenMs, verdictOn },
    isProbed: () => parts.isProbed?.(id) ?? false,
    changed(isOpen) {
      tell(parts.log, id, isOpen);
      parts.circuitChanged?.(id, isOpen);
    },
  });

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
