import { setTimeout as sleep } from 'node:timers/promises';
import type { UpstreamWatch } from './upstream-watch.ts';

export interface ProbeParts {
  /** Asks what costs nothing; undefined: this upstream can't be asked so. */
  readonly probeOf: (upstream: string) => ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly watch: () => Pick<UpstreamWatch, 'probe' | 'state'>;
  /** Between two probes, and before the first one. */
  readonly everyMs: number;
}

/** Finds out when upstreams that failed are back, so that no call has to. */
export interface UpstreamProbes {
  /** To be told when an upstream's circuit opens or closes. */
  circuitChanged(upstream: string, isOpen: boolean): void;
  isProbed(upstream: string): boolean;
  close(): Promise<void>;
}

/** A server may answer calls and not this: after so many failures a call finds out in its place. */
const mostProbes = 4;

export function upstreamProbes({ probeOf, watch, everyMs }: ProbeParts): UpstreamProbes {
  const closing = new AbortController();
  const { signal } = closing;
  const running = new Map<string, Promise<void>>();
  const leftToCalls = new Set<string>();
  const rest = (periods: number) =>
    sleep(everyMs * periods, undefined, { signal, ref: false }).catch(() => undefined);

  /** False when there is nothing to find out any more. */
  async function probed(upstream: string): Promise<boolean> {
    const probe = probeOf(upstream);
    // A call of last resort may have found out meanwhile, or somebody else stands in its place.
    if (signal.aborted || !probe || !watch().state(upstream).fails) return false;
    await watch()
      .probe(upstream, () => probe(signal))
      .catch(() => undefined);
    return true;
  }

  async function untilBack(upstream: string): Promise<void> {
    for (let probes = 1; !signal.aborted; probes += 1) {
      await rest(1);
      if (!(await probed(upstream))) return;
      if (probes % mostProbes > 0) continue;
      leftToCalls.add(upstream);
      await rest(2);
      leftToCalls.delete(upstream);
    }
  }

  return {
    circuitChanged(upstream, isOpen) {
      if (!isOpen || running.has(upstream)) return;
      running.set(
        upstream,
        untilBack(upstream).finally(() => running.delete(upstream)),
      );
    },
    isProbed: (upstream) => running.has(upstream) && !leftToCalls.has(upstream),
    async close() {
      closing.abort();
      await Promise.all(running.values());
    },
  };
}
