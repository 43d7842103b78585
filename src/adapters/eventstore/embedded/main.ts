import type { RunningEventNode } from './event-node.ts';
import { eventNode } from './event-node.ts';
import type { NodeReport } from './node-messages.ts';
import { NodeStart } from './node-messages.ts';

const stopTimeoutMs = 5_000;
const readers = 4;

const clock = () => Date.now();

process.once('message', (message) => void run(NodeStart.parse(message)));
// Without a parent nobody would ever stop it.
process.once('disconnect', () => void stop(undefined, 0));
process.on('SIGINT', () => undefined);

let running: RunningEventNode | undefined;
let stopping = false;

async function run(start: NodeStart) {
  try {
    const onFault = (text: string, cause: unknown) => report({ fault: `${text} ${reason(cause)}` });
    running = await eventNode({ ...start, readers, clock, onFault });
  } catch (cause) {
    report({ failed: reason(cause) });
    await stop(undefined, 1);
    return;
  }
  process.once('SIGTERM', () => void stop(running, 0));
  void running.lost.then((cause) => {
    if (stopping) return;
    // Whoever holds the lock now may be writing already: nothing more may be answered.
    report({ fault: `The log is lost. ${reason(cause)}` });
    process.exit(1);
  });
  report({ listening: `esdb://127.0.0.1:${running.port}?tls=false`, port: running.port });
}

async function stop(node: RunningEventNode | undefined, exitCode: number) {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), stopTimeoutMs).unref();
  await (node ?? running)?.stop();
  process.exit(exitCode);
}

function report(message: NodeReport) {
  if (process.connected) process.send?.(message);
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
