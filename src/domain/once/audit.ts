import type { StoredEvent } from '../events.ts';
import type { Finding } from '../wallet/finding.ts';
import { findingAt } from '../wallet/finding.ts';

/** So many streams that have their reply are remembered; a second reply comes soon or never. */
const mostRemembered = 100_000;

/** Checks that claimed commands have at most one reply, and nothing after it (I7). Any part of the log will do. */
export function onceAudit(most = mostRemembered) {
  const done = new Set<string>();
  return {
    take(event: StoredEvent): readonly Finding[] {
      const { stream, type, revision } = event;
      const wrong = (what: string) => [findingAt(event, null, { invariant: 'I7', what })];
      if (done.has(stream)) return wrong(`${type} follows the reply in ${stream}.`);
      if (type === 'CommandDone') {
        const [oldest] = done;
        if (oldest !== undefined && done.size >= most) done.delete(oldest);
        done.add(stream);
      }
      const isClaim = type === 'CommandClaimed';
      if (revision === 0n && !isClaim) return wrong(`${stream} begins with ${type}.`);
      return [];
    },
  };
}
