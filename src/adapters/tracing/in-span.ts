import type { Attributes, Context, Span } from '@opentelemetry/api';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';

/** Ours; it does nothing as long as `otlp.ts` is not started. */
export const tracer = trace.getTracer('llm-member');

interface SpanParts {
  readonly attributes: Attributes;
  /** Whose child it is; the active span's unless said. */
  readonly within?: Context | undefined;
}

/** Runs work within a span of its own, and as the active one. */
export function inSpan<T>(
  name: string,
  { attributes, within = context.active() }: SpanParts,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, within, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** By its code or class alone: what an error says may quote a prompt, a key or an address. */
export function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', kindOf(error));
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
