import { CallFault } from './call-fault.ts';
import type { CallPlan, Trial } from './plan-call.ts';
import type { Relay } from './relay-answer.ts';
import type { Json } from './upstream.ts';
import { inUpstreamSpan } from './upstream-span.ts';

/** An answer that has truly begun: what came first is here. */
export type FirstAnswer =
  | { readonly stream: false; readonly body: Json }
  | {
      readonly stream: true;
      readonly first: IteratorResult<readonly Json[]>;
      readonly rest: AsyncIterator<readonly Json[]>;
    };

/** Asks one upstream after the other, under the same hold, until one begins to answer. */
export async function firstAnswer(
  relay: Relay,
  { trials }: CallPlan,
  maxOutput: number,
): Promise<FirstAnswer> {
  let last: unknown;
  for (const trial of trials) {
    try {
      const ask = () => begun(relay, trial, maxOutput);
      return await inUpstreamSpan(relay.call, trial, ask);
    } catch (error) {
      last = error;
      relay.note(error);
      if (relay.ended.aborted || !isRetryable(error)) break;
    }
  }
  const fault = relay.faultOf(last);
  await relay.meter.failed(fault);
  throw fault;
}

const isRetryable = (error: unknown): boolean => error instanceof CallFault && error.retryable;

async function begun(
  { call, meter, ended, received, limit }: Relay,
  trial: Trial,
  maxOutput: number,
): Promise<FirstAnswer> {
  meter.asking(trial);
  ended.throwIfAborted();
  const answer = await trial.upstream.ask({
    model: trial.model,
    body: call.body,
    extended: call.extended ?? false,
    stream: call.stream,
    maxOutput,
    signal: ended,
  });
  if (!answer.stream) {
    meter.answering(answer.partial);
    const body = await answer.body();
    meter.firstToken();
    limit?.(body);
    received.take(body);
    return { stream: false, body };
  }
  meter.answering();
  const rest = answer.chunks[Symbol.asyncIterator]();
  const first = await rest.next();
  meter.firstToken();
  return { stream: true, first, rest };
}
