import type { Span } from '@opentelemetry/api';
import { propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ParameterizedContext } from 'koa';
import type { RequestScope } from './request-scope.ts';
import type { Route } from './route.ts';

interface State {
  readonly scope: RequestScope;
  readonly route: Route | undefined;
}

const tracer = trace.getTracer('llm-member');

/** The request as a span, in the trace that its `traceparent` names; nothing while nobody traces. */
export function requestSpan(
  ctx: ParameterizedContext<State>,
  next: () => Promise<unknown>,
): Promise<void> {
  const { traceparent } = ctx.req.headers;
  // The traceparent alone: whatever else a caller sends along would reach the collector.
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
  const kind = SpanKind.SERVER;
  return tracer.startActiveSpan(ctx.method, { kind }, parent, async (span) => {
    try {
      await next();
    } finally {
      if (span.isRecording()) describe(span, ctx);
      span.end();
    }
  });
}

/** By the route's pattern, never by the URL: links carry codes. */
function describe(span: Span, { method, status, state }: ParameterizedContext<State>): void {
  const path = state.route?.path ?? 'unknown';
  const { facts, described } = state.scope;
  const { call, model, code } = described;
  span.updateName(`${method} ${path}`);
  span.setAttributes({
    'http.request.method': method,
    'http.route': path,
    'http.response.status_code': status,
    'llm_member.request_id': facts.id,
    ...(call === undefined ? {} : { 'llm_member.call_id': call }),
    ...(model === undefined ? {} : { 'llm_member.alias': model }),
    ...(code === undefined ? {} : { 'error.type': code }),
  });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
}
