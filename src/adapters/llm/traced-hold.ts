import { context } from '@opentelemetry/api';
import { inSpan } from '../tracing/in-span.ts';
import type { CallHold, HoldParts } from './call-hold.ts';
import { holdFor } from './call-hold.ts';
import type { ModelCall } from './model-call.ts';
import type { CallPlan } from './plan-call.ts';

/** A call's hold whose steps are spans of its request, also of one that is gone when they come. */
export async function tracedHold(
  parts: HoldParts,
  call: ModelCall,
  plan: CallPlan,
): Promise<CallHold> {
  const within = context.active();
  const attributes = callAttributes(call);
  const hold = await inSpan('reserve', { attributes }, () => holdFor(parts, call, plan));
  return {
    ...hold,
    settle: (consumed, basis, end) =>
      inSpan('settle', { attributes, within }, async (span) => {
        const settled = await hold.settle(consumed, basis, end);
        span.setAttributes({
          'llm_member.status': settled,
          'llm_member.outcome': end.ending.outcome,
        });
        return settled;
      }),
    release: (end, wasCounted) =>
      inSpan('release', { attributes, within }, async (span) => {
        span.setAttribute('llm_member.outcome', end.ending.outcome);
        await hold.release(end, wasCounted);
      }),
  };
}

/** What names a call in a trace; nothing of what was asked, and nobody. */
export const callAttributes = ({ facts }: ModelCall) => ({
  'llm_member.call_id': facts.callId,
  'llm_member.alias': facts.model,
});
