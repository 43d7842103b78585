import type { Chance } from './chance.ts';

/** Whose steps they are: a process of the program, which may be stalled or killed. */
export interface Owner {
  readonly name: string;
  isAlive: boolean;
  /** Until then it does nothing, as under a long pause of the machine. */
  stalledUntilMs: number;
}

export interface Cancel {
  cancel(): void;
}

/**
 * Virtual time and the order of everything. One step at a time is taken; whatever code it lets go on
 * runs to its next wait before the following step, so that a run depends on its seed alone.
 */
export interface Schedule {
  /** Milliseconds since the run began. */
  nowMs(): number;
  /** Whose step is being taken; null: the world's. */
  owner(): Owner | null;
  /** Takes a step after a while, unless its owner is gone by then. */
  after(ms: number, step: () => void, more?: { owner?: Owner | null; label?: string }): Cancel;
  /** Takes steps up to a moment, or until nothing is left to do. */
  runUntil(ms: number, isOver?: () => boolean): Promise<void>;
  /** Every step that was taken, in order; empty unless asked for. */
  readonly trace: readonly string[];
  note(text: string): void;
}

interface Step {
  atMs: number;
  readonly order: number;
  readonly owner: Owner | null;
  readonly label: string | undefined;
  run: (() => void) | undefined;
}

const realTurn = setImmediate;
const turn = () => new Promise<void>((resolve) => realTurn(resolve));

export function schedule(random: Chance, isTraced: boolean): Schedule {
  const heap = stepHeap();
  const trace: string[] = [];
  let nowMs = 0;
  let current: Owner | null = null;
  const note = (text: string) => {
    if (isTraced) trace.push(`${nowMs.toFixed(2).padStart(10)} ms  ${text}`);
  };

  const take = async (step: Step): Promise<void> => {
    const { owner, run, label } = step;
    if (!run || (owner && !owner.isAlive)) return;
    if (owner && owner.stalledUntilMs > step.atMs) {
      step.atMs = owner.stalledUntilMs;
      heap.push(step);
      return;
    }
    nowMs = Math.max(nowMs, step.atMs);
    current = owner;
    if (label !== undefined) note(`${owner?.name ?? 'world'}: ${label}`);
    run();
    await turn();
    current = null;
  };

  return {
    trace,
    note,
    nowMs: () => nowMs,
    owner: () => current,
    after(ms, run, { owner = current, label } = {}) {
      const atMs = nowMs + Math.max(0, ms);
      const step: Step = { atMs, order: random.number(), owner, label, run };
      heap.push(step);
      return { cancel: () => (step.run = undefined) };
    },
    async runUntil(ms, isOver = () => false) {
      await turn();
      for (let step = heap.peek(); step && step.atMs <= ms; step = heap.peek()) {
        heap.pop();
        await take(step);
        if (isOver()) return;
      }
      nowMs = Math.max(nowMs, ms);
    },
  };
}

const isBefore = (a: Step, b: Step): boolean =>
  a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;

/** The earliest step first. */
function stepHeap() {
  const steps: Step[] = [];

  /** The earlier of the two steps below a place. */
  function childOf(place: number): number {
    const [left, right] = [steps[2 * place + 1], steps[2 * place + 2]];
    return left && right && isBefore(right, left) ? 2 * place + 2 : 2 * place + 1;
  }

  function sink(step: Step): void {
    let place = 0;
    for (;;) {
      const below = childOf(place);
      const child = steps[below];
      if (!child || !isBefore(child, step)) break;
      steps[place] = child;
      place = below;
    }
    steps[place] = step;
  }

  return {
    peek: () => steps[0],
    push(step: Step) {
      let place = steps.length;
      while (place > 0) {
        const above = (place - 1) >> 1;
        const parent = steps[above];
        if (!parent || !isBefore(step, parent)) break;
        steps[place] = parent;
        place = above;
      }
      steps[place] = step;
    },
    pop() {
      const last = steps.pop();
      if (last && steps.length > 0) sink(last);
    },
  };
}
