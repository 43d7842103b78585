import type { Logger } from 'pino';
import { CallFault } from './call-fault.ts';
import type { Circuit } from './circuit.ts';
import { circuit, verdictOn } from './circuit.ts';
import { usualCoolMs } from './retry-after.ts';
import type { OpenUpstream, UpstreamAnswer, UpstreamRequest } from './upstream.ts';

/** A line to an upstream with one of its keys. */
export interface KeyedLine {
  readonly keyId: string;
  readonly line: OpenUpstream;
}

export interface KeyPoolParts {
  readonly nowMs: () => number;
  /** How long a key that fails is left alone. */
  readonly circuitOpenMs: number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

/** An upstream that is asked with several keys. */
export interface KeyPool extends OpenUpstream {
  /** Those that are left alone at the moment, by id. */
  resting(): readonly string[];
}

interface Key extends KeyedLine {
  readonly circuit: Circuit;
  readyMs: number;
  /** Which of all askings was its last one; 0: none yet. */
  turn: number;
}

/** A key that isn't taken or isn't paid for is tried again so much later: somebody may have mended it. */
const mendedMs = 60_000;

/** Spreads calls over keys; one that is refused rests, while the next one is asked in its place. */
export function keyPool(
  id: string,
  lines: readonly [KeyedLine, ...KeyedLine[]],
  { nowMs, circuitOpenMs, log }: KeyPoolParts,
): KeyPool {
  const keys = lines.map((keyed): Key => {
    const changed = (isOpen: boolean) => {
      const facts = { upstream: id, key: keyed.keyId };
      if (isOpen) log.warn(facts, 'a key fails and is left alone');
      else log.info(facts, 'a key is back');
    };
    const its = circuit({ nowMs, openMs: circuitOpenMs, changed, verdictOn });
    return { ...keyed, circuit: its, readyMs: 0, turn: 0 };
  });
  let turns = 0;
  const rests = ({ readyMs, circuit: its }: Key) => readyMs > nowMs() || its.isOpen(nowMs());

  /** Those that are ready, in turn: the one asked longest ago first. When all rest, the one that does so shortest. */
  const inOrder = (): readonly Key[] => {
    const ready = keys.filter((key) => !rests(key)).sort((a, b) => a.turn - b.turn);
    return ready.length > 0 ? ready : keys.toSorted((a, b) => a.readyMs - b.readyMs).slice(0, 1);
  };

  async function withKey<Answer>(key: Key, ask: (line: OpenUpstream) => Promise<Answer>) {
    turns += 1;
    key.turn = turns;
    try {
      return await key.circuit.run(() => ask(key.line));
    } catch (error) {
      if (error instanceof CallFault && error.ofKey) {
        const usualMs = error.code === 'upstream_limited' ? usualCoolMs : mendedMs;
        key.readyMs = nowMs() + (error.retryAfterMs ?? usualMs);
      }
      throw error;
    }
  }

  async function inTurn<Answer>(ask: (line: OpenUpstream) => Promise<Answer>): Promise<Answer> {
    let last: unknown;
    for (const key of inOrder()) {
      try {
        return await withKey(key, ask);
      } catch (error) {
        if (!(error instanceof CallFault && error.ofKey)) throw error;
        last = error;
      }
    }
    throw soonest(last, keys, nowMs());
  }

  const all = (end: (line: OpenUpstream) => Promise<void>) =>
    Promise.all(keys.map(({ line }) => end(line))).then(() => undefined);
  return {
    id,
    family: lines[0].line.family,
    serves: lines[0].line.serves,
    omits: (endpoint, body) => lines[0].line.omits?.(endpoint, body) ?? [],
    ask: (request: UpstreamRequest): Promise<UpstreamAnswer> => inTurn((line) => line.ask(request)),
    probe: (signal) => inTurn((line) => line.probe(signal)),
    resting: () => keys.filter(rests).map(({ keyId }) => keyId),
    finish: () => all((line) => line.finish()),
    close: () => all((line) => line.close()),
  };
}

/** An upstream is limited until the first of its keys is not. */
function soonest(fault: unknown, keys: readonly Key[], nowMs: number): unknown {
  if (!(fault instanceof CallFault) || fault.code !== 'upstream_limited') return fault;
  const retryAfterMs = Math.max(0, Math.min(...keys.map(({ readyMs }) => readyMs)) - nowMs);
  const { retryable, passing, ofKey } = fault;
  const details = { retryable, passing, ofKey, retryAfterMs, cause: fault.cause };
  return new CallFault(fault.code, fault.message, details);
}
