import { carriedBy, linksTo } from '../tracing/carried.ts';
import { inSpan } from '../tracing/in-span.ts';
import type { Appended, Log } from './log.ts';

/** A log whose appends are spans of the traces that their events carry: the first one's child, linked to the others. */
export const tracedLog = <Given extends Log>(log: Given): Given => ({
  ...log,
  append(stream, expected, events): Promise<Appended> {
    const traces = events.flatMap(({ metadata }) => carriedBy(metadata) ?? []);
    const [first] = traces;
    const append = () => log.append(stream, expected, events);
    if (!first) return append();
    const attributes = {
      'llm_member.stream.kind': stream.replace(/-.*/, ''),
      'llm_member.events': events.length,
    };
    return inSpan('append', { attributes, within: first.parent }, async (span) => {
      span.addLinks(linksTo(traces).slice(1));
      const written = await append();
      span.setAttribute('llm_member.status', written.ok ? 'written' : 'wrong_revision');
      return written;
    });
  },
});
