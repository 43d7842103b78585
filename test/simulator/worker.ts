import { parentPort, workerData } from 'node:worker_threads';
import { breaks } from './breaks.ts';
import { rules } from './rules.ts';
import type { Run } from './run.ts';
import { run } from './run.ts';
import { Task } from './task.ts';
import { takeOverTime } from './virtual-time.ts';

const { from, to, step, broken, isTraced } = Task.parse(workerData);
const inForce = { ...rules, ...(broken === null ? undefined : breaks[broken]?.rules) };
const say = (done: Run) => parentPort?.postMessage(done);
let current = from;

const failed = (error: unknown) => {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say({ seed: current, violation: `fault: ${what}`, trace: [], counts: {} });
};
process.on('unhandledRejection', failed);
takeOverTime();
for (; current < to; current += step) {
  try {
    say(await run(current, { rules: inForce, isTraced }));
  } catch (error) {
    failed(error);
  }
}
