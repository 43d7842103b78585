/** How a stream's writer gets along with those of other processes; plain data, because there are many. */
export interface Turns {
  /** When the turn that is under way began; like all of these by the clock that never goes back. */
  begunMs: number;
  racesLost: number;
  /** Somebody else has written since we last waited in vain for that, or may not get to it. */
  besideOthers: boolean;
  /** Since when we have written much without a look at others. */
  aloneSinceMs: number;
  /** Until then the next append is somebody else's. */
  giveWayUntilMs: number;
}

export const newTurns = (): Turns => ({
  begunMs: performance.now(),
  racesLost: 0,
  besideOthers: false,
  aloneSinceMs: performance.now(),
  giveWayUntilMs: 0,
});

/** A turn beside others is short enough for all to have theirs soon. */
const mostEventsBeside = 128;
const fewestEvents = 16;
/** Who has lost must read what we wrote, decide and write: a short turn of ours is soon answered by theirs. */
const theirTurns = 4;
/** The same after a long turn of ours, of which reading takes a third. */
const theirTurnsAfterAll = 2;
/** Whoever writes much in a turn leaves at least so long to the others. */
const busyMs = 60;
const longestMs = 1_000;
/** One writer may keep a stream for itself so long, and so many times what it leaves, before it leaves a turn. */
const aloneMs = 500;
const aloneTimes = 6;

/** Begins a turn, and says how many events it may write: whoever keeps losing writes less, and so sooner. */
export function begin(turns: Turns): number {
  turns.begunMs = performance.now();
  if (!turns.besideOthers) return Number.POSITIVE_INFINITY;
  return Math.max(fewestEvents, mostEventsBeside >> turns.racesLost);
}

/** Somebody else has written what we have not seen. */
export function lost(turns: Turns): void {
  turns.racesLost += 1;
  turns.besideOthers = true;
  turns.giveWayUntilMs = 0;
}

/** Our append has succeeded; beside others the next one is theirs. */
export function won(turns: Turns, events: number): void {
  const now = performance.now();
  const tookMs = now - turns.begunMs;
  if (events < fewestEvents) turns.aloneSinceMs = now;
  const times = turns.besideOthers ? theirTurns : theirTurnsAfterAll;
  const leastMs = events < fewestEvents ? 0 : busyMs;
  const restMs = Math.min(Math.max(tookMs * times, leastMs), longestMs);
  // Others may lose every race against who writes all the time, and never come to their turn.
  const keptMs = Math.max(aloneMs, restMs * aloneTimes);
  turns.besideOthers ||= now - turns.aloneSinceMs > keptMs;
  turns.racesLost = Math.max(0, turns.racesLost - 1);
  turns.giveWayUntilMs = now + restMs;
}

/** Nobody wanted the turn that we left to them, or somebody took it. */
export function turnCame(turns: Turns, { taken }: { readonly taken: boolean }): void {
  turns.besideOthers = taken;
  turns.aloneSinceMs = performance.now();
  turns.giveWayUntilMs = 0;
}

export const leftMs = ({ besideOthers, giveWayUntilMs }: Turns): number =>
  besideOthers ? giveWayUntilMs - performance.now() : 0;
