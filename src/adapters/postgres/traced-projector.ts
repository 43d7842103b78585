import type { StoredEvent } from '../../domain/events.ts';
import type { Carried } from '../tracing/carried.ts';
import { carriedBy, linksTo } from '../tracing/carried.ts';
import { inSpan, tracer } from '../tracing/in-span.ts';
import type { Projector } from './project.ts';

/** In one batch; of more, which a long replay has, nobody looks at each. */
const mostTraced = 128;

/** A projector with a span a batch, linked to the traces of its events, and one in each of those. */
export const tracedProjector = (projector: Projector): Projector => ({
  ...projector,
  apply(stored, upTo, beside) {
    const traced = tracedIn(stored);
    const apply = () => projector.apply(stored, upTo, beside);
    if (traced.length === 0) return apply();
    const attributes = { 'llm_member.events': stored.length };
    return inSpan('projection', { attributes }, async (batch) => {
      batch.addLinks(linksTo(traced.map(({ trace }) => trace)));
      const links = [{ context: batch.spanContext() }];
      const spans = traced.map(({ event: { type, position }, trace }) => {
        const told = { 'llm_member.event': type, 'llm_member.position': String(position) };
        return tracer.startSpan('project', { attributes: told, links }, trace.parent);
      });
      // A batch that fails comes again, and then they are told.
      await apply();
      for (const span of spans) span.end();
    });
  },
});

function tracedIn(stored: readonly StoredEvent[]) {
  const traced: { readonly event: StoredEvent; readonly trace: Carried }[] = [];
  for (const event of stored) {
    const trace = carriedBy(event.metadata);
    if (trace) traced.push({ event, trace });
    if (traced.length === mostTraced) break;
  }
  return traced;
}
