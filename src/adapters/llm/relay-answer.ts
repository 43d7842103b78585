import { Rejection } from '../../domain/rejection.ts';
import { CallFault } from './call-fault.ts';
import type { Limit } from './character-limit.ts';
import type { ChatCall } from './chat-call.ts';
import { disguise } from './disguise.ts';
import type { FirstAnswer } from './first-answer.ts';
import type { Meter, Verdict } from './meter.ts';
import { completeShape, completeUsage } from './openai-shape.ts';
import type { Received } from './received.ts';
import type { Json } from './upstream.ts';
import { usageAsOpenAi } from './usage.ts';

/** One paid call while its answer passes through. */
export interface Relay {
  readonly call: ChatCall;
  readonly meter: Meter;
  readonly received: Received;
  /** Of a call that is paid in characters: cuts what goes beyond its hold. */
  readonly limit: Limit | undefined;
  /** Aborts when the call is ended from our side. */
  readonly ended: AbortSignal;
  /** The reason of our own end, if it was that, else what was thrown. */
  readonly faultOf: (error: unknown) => unknown;
  /** Tells the operator, who may know more than the member. */
  readonly note: (error: unknown) => void;
  /** What members see instead of the upstream's model and id, and of a time that it doesn't tell. */
  readonly mask: { readonly id: string; readonly alias: string; readonly created: number };
}

/** A whole body, once its charge is recorded. */
export async function relayBody(relay: Relay, body: Json): Promise<Json> {
  body.usage = shown(await completed(relay, body.usage), body.usage);
  disguise(body, relay.mask);
  completeShape(body, { object: 'chat.completion', created: relay.mask.created });
  return body;
}

/** The chunks as they come; it ends, with the usage if that was asked for, once the charge is recorded. */
export async function* relayChunks(
  relay: Relay,
  { first, rest }: Extract<FirstAnswer, { stream: true }>,
): AsyncGenerator<readonly Json[]> {
  const { received, meter, call } = relay;
  const tail = usageTail(relay);
  try {
    for (let next = first; !next.done; next = await rest.next()) {
      const batch = next.value.filter(tail.passes);
      if (batch.length > 0) {
        meter.streamed();
        yield batch;
        received.delivered();
      }
      if (tail.isCut()) break;
      if (relay.ended.aborted) throw relay.ended.reason;
    }
    const usage = shown(await completed(relay, tail.usage()), tail.usage());
    if (call.wantsUsage) yield [tail.chunk(usage)];
  } catch (error) {
    const fault = relay.faultOf(error);
    relay.note(fault);
    await meter.failed(fault);
    throw fault;
  } finally {
    // Only somebody who stopped reading gets here with the call still open.
    await meter.cut('client_closed');
    await rest.return?.();
  }
}

function completed({ meter, ended }: Relay, usage: unknown): Promise<Verdict> {
  ended.throwIfAborted();
  return meter.complete(usage);
}

/** The usage that was charged: the upstream's own words, details and all, unless we had to count. */
function shown(verdict: Verdict, said: unknown): unknown {
  if (verdict.kind === 'charged') {
    return verdict.basis === 'usage' ? completeUsage(said) : usageAsOpenAi(verdict.usage);
  }
  if (verdict.kind === 'refused') {
    throw new Rejection('insufficient_quota', 'What the call consumed is not available any more.', {
      why: 'late_not_covered',
    });
  }
  throw new CallFault('charge_unknown', 'The end of this call could not be recorded.');
}

/** Takes the usage out of a stream's chunks and knows its last one. */
function usageTail({ call, mask, received, limit }: Relay) {
  let usage: unknown;
  let isCut = false;
  let last: Json = {};
  let ending: Json | undefined;

  /** Takes a chunk's usage out of it; false when nothing else was in it. */
  const passesOn = (chunk: Json): boolean => {
    if (!chunk.usage) {
      if (!call.wantsUsage && chunk.usage === null) chunk.usage = undefined;
      return true;
    }
    usage = chunk.usage;
    if (Array.isArray(chunk.choices) && chunk.choices.length > 0) {
      chunk.usage = call.wantsUsage ? null : undefined;
      return true;
    }
    ending = chunk;
    return false;
  };

  return {
    /** False for the chunk that is kept for the end. */
    passes(chunk: Json): boolean {
      if (isCut) return false;
      if (limit) isCut = limit(chunk);
      received.take(chunk);
      disguise(chunk, mask);
      completeShape(chunk, { object: 'chat.completion.chunk', created: mask.created });
      last = chunk;
      return passesOn(chunk);
    },
    isCut: () => isCut,
    // What an upstream says before the end of a stream that was cut is about less, or about more.
    usage: () => (isCut ? undefined : usage),
    chunk: (charged: unknown): Json => ({ ...(ending ?? last), choices: [], usage: charged }),
  };
}
