import { Rejection } from '../../domain/rejection.ts';
import { CallFault } from './call-fault.ts';
import type { CallHold } from './call-hold.ts';
import type { Limit } from './character-limit.ts';
import type { Mask } from './disguise.ts';
import { disguise } from './disguise.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { FirstAnswer } from './first-answer.ts';
import { isJson } from './json.ts';
import type { Meter, Verdict } from './meter.ts';
import type { ModelCall } from './model-call.ts';
import type { Trial } from './plan-call.ts';
import type { Received } from './received.ts';
import { lastTail, usageTail } from './stream-tails.ts';
import type { Json } from './upstream.ts';

/** One paid call while its answer passes through. */
export interface Relay {
  readonly call: ModelCall;
  readonly endpoint: Endpoint;
  readonly meter: Meter;
  readonly received: Received;
  /** Of a call that is paid in characters: cuts what goes beyond its hold. */
  readonly limit: Limit | undefined;
  /** Aborts when the call is ended from our side. */
  readonly ended: AbortSignal;
  /** The client is gone, and the answer is read to its end all the same. */
  readonly drains: () => boolean;
  /** False: the operators' budgets have no room for what it may cost. */
  readonly mayAsk: (trial: Trial) => boolean;
  /** Another one may be asked, if anybody is still there. */
  readonly attemptFailed: () => void;
  /** The reason of our own end, if it was that, else what was thrown. */
  readonly faultOf: (error: unknown) => unknown;
  /** Tells the operator, who may know more than the member. */
  readonly note: (error: unknown) => void;
  readonly mask: Mask;
  /** What the member was charged, once that is recorded. */
  readonly charge: CallHold['charge'];
}

/** A whole body, once its charge is recorded. */
export async function relayBody(relay: Relay, body: Json): Promise<Json> {
  const ours = ownUsage(relay, await completed(relay, relay.endpoint.saidIn(body)));
  if (ours !== undefined) body.usage = ours;
  disguise(body, relay.mask);
  relay.endpoint.complete?.(body, { isChunk: false, created: relay.mask.created });
  return priced(relay, body);
}

/** With the charge beside its usage, for who asked; what isn't recorded yet is not said. */
function priced({ call, charge }: Relay, answer: Json): Json {
  const charged = call.wantsCost ? charge() : null;
  if (charged === null || !isJson(answer.usage)) return answer;
  const { amount: cost, asset } = charged;
  return { ...answer, usage: { ...answer.usage, cost, cost_currency: asset } };
}

/** The chunks as they come; it ends, with what was kept for the end, once the charge is recorded. */
export async function* relayChunks(
  relay: Relay,
  { first, rest }: Extract<FirstAnswer, { stream: true }>,
): AsyncGenerator<readonly Json[]> {
  const { received, meter } = relay;
  const tail = relay.endpoint.mayBeLast === null ? usageTail(relay) : lastTail(relay);
  let isOver = false;
  try {
    for (let next = first; !next.done; next = await rest.next()) {
      const batch = tail.take(next.value);
      if (batch.length > 0) {
        meter.streamed();
        yield batch;
        received.delivered(tail.withheld());
      }
      if (tail.isCut()) break;
      relay.ended.throwIfAborted();
    }
    const verdict = await completed(relay, tail.said());
    isOver = true;
    const end = tail.end(ownUsage(relay, verdict));
    if (end.length > 0) yield end.map((chunk) => priced(relay, chunk));
  } catch (error) {
    const fault = relay.faultOf(error);
    relay.note(fault);
    if (!isOver) await meter.failed(fault);
    isOver = true;
    throw fault;
  } finally {
    // Only somebody who stopped reading gets here with the call still open.
    if (!isOver) await left(relay, rest, tail);
    await rest.return?.();
  }
}

/** The rest is read for nobody where the route says so, and else let go. */
async function left(
  relay: Relay,
  rest: AsyncIterator<readonly Json[]>,
  tail: ReturnType<typeof lastTail>,
): Promise<void> {
  if (relay.drains() && !relay.ended.aborted) await drain(relay, rest, tail);
  else await relay.meter.cut('client_closed');
}

/** So that the upstream says what it was. */
async function drain(
  relay: Relay,
  rest: AsyncIterator<readonly Json[]>,
  tail: ReturnType<typeof lastTail>,
): Promise<void> {
  try {
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      tail.take(next.value);
      relay.meter.streamed();
      if (tail.isCut()) break;
      relay.ended.throwIfAborted();
    }
    await completed(relay, tail.said());
  } catch (error) {
    const fault = relay.faultOf(error);
    relay.note(fault);
    await relay.meter.failed(fault);
  }
}

function completed({ meter, ended }: Relay, said: unknown): Promise<Verdict> {
  ended.throwIfAborted();
  return meter.complete(said);
}

/**
 * The usage that was charged where we had to count it; undefined: the upstream's own words, details and
 * all. Throws when the answer may not be given.
 */
function ownUsage({ endpoint }: Relay, verdict: Verdict): Json | undefined {
  if (verdict.kind === 'charged') {
    return verdict.basis === 'usage' ? undefined : endpoint.usageAs(verdict.usage);
  }
  if (verdict.kind === 'refused') {
    throw new Rejection('insufficient_quota', 'What the call consumed is not available any more.', {
      why: 'late_not_covered',
    });
  }
  throw new CallFault('charge_unknown', 'The end of this call could not be recorded.');
}
