import type { Span } from '@opentelemetry/api';
import { SpanKind } from '@opentelemetry/api';
import { markFailed, tracer } from '../tracing/in-span.ts';
import type { FirstAnswer } from './first-answer.ts';
import type { ModelCall } from './model-call.ts';
import type { Trial } from './plan-call.ts';
import { callAttributes } from './traced-hold.ts';
import type { End } from './until-end.ts';
import { untilEnd } from './until-end.ts';

/** One upstream's answer as a span, from the question to the end of what comes. */
export async function inUpstreamSpan(
  call: ModelCall,
  { upstream }: Trial,
  ask: () => Promise<FirstAnswer>,
): Promise<FirstAnswer> {
  const span = tracer.startSpan('upstream', {
    kind: SpanKind.CLIENT,
    attributes: { ...callAttributes(call), 'llm_member.upstream': upstream.id },
  });
  try {
    const answer = await ask();
    span.addEvent('first_token');
    if (answer.stream && span.isRecording()) {
      return { ...answer, rest: untilEnd(answer.rest, endOf(span)) };
    }
    span.end();
    return answer;
  } catch (error) {
    markFailed(span, error);
    span.end();
    throw error;
  }
}

const endOf = (span: Span): End => ({
  failed: (error) => markFailed(span, error),
  over() {
    if (span.isRecording()) span.end();
  },
});
