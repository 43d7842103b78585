import type { Cut } from './meter.ts';

/** A call from before its reservation until its hold is closed. */
export interface CallInFlight {
  /** Aborts, with a `Cut` as its reason, when the call is ended from our side. */
  readonly ended: AbortSignal;
  cut(reason: Cut): void;
  /** Nothing of it is open any more. */
  over(): void;
}

export interface CallsInFlight {
  open(): CallInFlight;
  /** Work for a call whose caller has been answered. */
  background(work: Promise<void>): void;
  inFlight(): number;
  /** Waits for the calls to end by themselves, for so long; then cuts and settles what is left. */
  drain(graceMs: number): Promise<void>;
  isDraining(): boolean;
}

/** How long cut calls may take to be settled: the log may be away for good. */
const settleMs = 10_000;

/** Every call of this process that may have a hold. */
export function callsInFlight(): CallsInFlight {
  const cuts = new Map<object, (reason: Cut) => void>();
  let isDraining = false;
  let whenEmpty: (() => void) | undefined;

  const remove = (key: object) => {
    if (cuts.delete(key) && cuts.size === 0) whenEmpty?.();
  };
  const empty = async (limitMs: number): Promise<void> => {
    if (cuts.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    whenEmpty = resolve;
    const timer = setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
  };

  return {
    open() {
      const controller = new AbortController();
      const cut = (reason: Cut) => controller.abort(reason);
      cuts.set(controller, cut);
      return { ended: controller.signal, cut, over: () => remove(controller) };
    },
    background(work) {
      const key = {};
      cuts.set(key, () => undefined);
      const done = () => remove(key);
      work.then(done, done);
    },
    inFlight: () => cuts.size,
    isDraining: () => isDraining,
    async drain(graceMs) {
      isDraining = true;
      await empty(graceMs);
      for (const cut of [...cuts.values()]) cut('shut_down');
      await empty(settleMs);
    },
  };
}
