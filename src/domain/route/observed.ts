/** Why an upstream is to be asked only when nobody else is left. */
export type Absence = 'circuit_open' | 'cooling_down' | 'full';

/** What a process has seen of a candidate lately. */
export interface Observed {
  readonly inFlight: number;
  /** Calls that its upstream takes at once; null: nobody knows. */
  readonly capacity: number | null;
  /** Undefined when it has not been asked lately. */
  readonly firstTokenMs: number | undefined;
  /** Of its calls lately, 0 to 1. */
  readonly errorRate: number;
  readonly absence: Absence | undefined;
}

/** The load of an upstream of which nobody knows what it takes is counted against so many calls. */
const usualCapacity = 100;

/** Calls in flight against capacity; 1 is full. */
export const loadOf = ({ inFlight, capacity }: Observed): number =>
  capacity === 0 ? 1 : inFlight / (capacity ?? usualCapacity);

/** A mean in which what is old counts less. */
export interface Trend {
  readonly mean: number;
  readonly atMs: number;
}

/** How much one more sample moves a mean. */
const newest = 0.2;

/** With one more sample, the first of which is the mean. */
export const moved = (trend: Trend | undefined, sample: number, atMs: number): Trend => ({
  mean: trend === undefined ? sample : trend.mean + newest * (sample - trend.mean),
  atMs,
});

const forgottenMs = 120_000;

/** A mean that nobody has moved for two minutes says nothing any more, so that it is found out anew. */
export const recent = (trend: Trend | undefined, nowMs: number): number | undefined =>
  trend === undefined || nowMs - trend.atMs >= forgottenMs ? undefined : trend.mean;

const halvedMs = 30_000;

/** What went wrong fades by half every 30 s. */
export const faded = (trend: Trend | undefined, nowMs: number): number =>
  trend === undefined ? 0 : trend.mean * 0.5 ** (Math.max(0, nowMs - trend.atMs) / halvedMs);
