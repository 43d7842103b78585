import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Schedule } from './schedule.ts';

interface Running {
  readonly schedule: Schedule;
  readonly random: Chance;
}

let running: Running | undefined;

const inRun = (): Running => {
  if (!running) throw new Error('Nothing is simulated at the moment.');
  return running;
};

/** Whose clocks, timers and random numbers the code under test gets from now on. */
export function simulateIn(run: Running): void {
  running = run;
}

/** A timer of the run; the code under test uses nothing of Node's own. */
class VirtualTimer {
  readonly #start: () => { cancel(): void };
  #step: { cancel(): void };

  constructor(start: () => { cancel(): void }) {
    this.#start = start;
    this.#step = start();
  }

  cancel() {
    this.#step.cancel();
  }

  refresh() {
    this.#step.cancel();
    this.#step = this.#start();
    return this;
  }

  ref() {
    return this;
  }

  unref() {
    return this;
  }
}

const timer = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => {
  const { schedule } = inRun();
  const owner = schedule.owner();
  return new VirtualTimer(() => schedule.after(ms, () => run(...given), { owner }));
};

const clear = (started: unknown) => {
  if (started instanceof VirtualTimer) started.cancel();
};

const sleep = <Value>(
  ms = 0,
  value?: Value,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Value | undefined> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const aborted = () => {
      step.cancel();
      reject(signal?.reason);
    };
    const step = inRun().schedule.after(ms, () => {
      signal?.removeEventListener('abort', aborted);
      resolve(value);
    });
    signal?.addEventListener('abort', aborted, { once: true });
  });

/**
 * Replaces this thread's timers, clocks and random numbers, for good. A thread that simulates does
 * nothing else; so no product code needs a parameter for a pause that only a simulator would pass.
 */
export function takeOverTime(): void {
  Object.assign(globalThis, { setTimeout: timer, clearTimeout: clear });
  Object.assign(performance, { now: () => inRun().schedule.nowMs() });
  Object.assign(Math, { random: () => inRun().random.number() });
  Object.assign(timers, { setTimeout: sleep });
  Object.assign(crypto, { randomUUID: () => inRun().random.uuid() });
  syncBuiltinESMExports();
}
