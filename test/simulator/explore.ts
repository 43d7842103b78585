import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Run } from './run.ts';
import type { Task } from './task.ts';

/** Runs seeds in a thread of their own; `seen` says false when that is enough. */
async function inThread(task: Task, seen: (run: Run) => boolean): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: task });
  worker.on('message', (run: Run) => {
    if (!seen(run)) void worker.terminate();
  });
  await once(worker, 'exit');
}

export interface Explored {
  readonly runs: number;
  readonly failures: readonly Run[];
  readonly counts: Readonly<Record<string, number>>;
}

const mostFailures = 5;

/** Runs seeds on so many threads, every thread its share, until a few have failed. */
export async function explore(
  { from, to, threads }: { readonly from: number; readonly to: number; readonly threads: number },
  progress: (runs: number) => void = () => undefined,
): Promise<Explored> {
  const failures: Run[] = [];
  const counts: Record<string, number> = {};
  let runs = 0;
  const seen = (run: Run) => {
    runs += 1;
    if (run.violation !== null) failures.push(run);
    for (const [name, count] of Object.entries(run.counts)) {
      counts[name] = (counts[name] ?? 0) + count;
    }
    progress(runs);
    return failures.length < mostFailures;
  };
  const shares = Array.from({ length: threads }, (_, index) =>
    inThread({ from: from + index, to, step: threads, broken: null, isTraced: false }, seen),
  );
  await Promise.all(shares);
  return { runs, failures, counts };
}

/** The first seed at which a broken rule is noticed; undefined: none. */
export async function firstToNotice(broken: string, most: number): Promise<Run | undefined> {
  let found: Run | undefined;
  await inThread({ from: 0, to: most, step: 1, broken, isTraced: false }, (run) => {
    if (run.violation !== null) found ??= run;
    return found === undefined;
  });
  return found;
}

/** One seed with all its steps. */
export async function retrace(seed: number, broken: string | null): Promise<Run | undefined> {
  let done: Run | undefined;
  await inThread({ from: seed, to: seed + 1, step: 1, broken, isTraced: true }, (run) => {
    done ??= run;
    return true;
  });
  return done;
}
