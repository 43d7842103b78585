import type { Context } from '@opentelemetry/api';
import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { z } from 'zod';
import type { CommandContext } from '../../domain/envelope.ts';

/** A command with the trace that it belongs to, where somebody records that trace. */
export function carried<Given extends CommandContext>(command: Given): Given {
  if (command.traceparent !== undefined || !isRecorded(context.active())) return command;
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent === undefined
    ? command
    : { ...command, traceparent: carrier.traceparent };
}

const Metadata = z.object({ traceparent: z.string() });

export interface Carried {
  readonly traceparent: string;
  /** Where its spans have their parent. */
  readonly parent: Context;
}

/** The trace that an event's metadata carries, if that is one which is recorded. */
export function carriedBy(metadata: unknown): Carried | undefined {
  const found = Metadata.safeParse(metadata);
  if (!found.success) return undefined;
  const { traceparent } = found.data;
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
  return isRecorded(parent) ? { traceparent, parent } : undefined;
}

function isRecorded(place: Context): boolean {
  const span = trace.getSpanContext(place);
  if (!span || !isSpanContextValid(span)) return false;
  return (span.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** What links a span to traces, each of them once. */
export const linksTo = (traces: readonly Carried[]) =>
  [...new Map(traces.map((each) => [each.traceparent, each.parent])).values()].flatMap((parent) => {
    const span = trace.getSpanContext(parent);
    return span ? [{ context: span }] : [];
  });
