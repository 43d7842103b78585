import type { Frame } from './event-frame.ts';
import type { EventLog } from './event-log.ts';
import { followAll } from './follow-all.ts';
import { followStream } from './follow-stream.ts';
import { readFrames } from './read-frames.ts';
import { readPlan } from './read-plan.ts';
import type { ReadCall } from './send-frames.ts';
import { sendFrames } from './send-frames.ts';
import { isServiceError, toServiceError, unavailable } from './service-error.ts';
import { subscription } from './subscription.ts';

/** Serves `Read`. A subscription ends by its client, or as unavailable: a clean end would look like success. */
export function readHandler(log: EventLog, stopping: AbortSignal): (call: ReadCall) => void {
  const open = new Set<AbortController>();
  stopping.addEventListener('abort', () => {
    for (const ending of open) ending.abort();
  });
  return (call) => {
    const ending = new AbortController();
    open.add(ending);
    call.on('cancelled', () => ending.abort());
    const fail = (cause: unknown) => {
      if (!isServiceError(cause)) log.onFault('A read failed.', cause);
      if (!call.cancelled) call.emit('error', toServiceError(cause));
    };
    void serve(log, call, ending.signal)
      .then(() => {
        if (stopping.aborted) fail(unavailable('The event node is stopping.'));
        else if (!call.cancelled) call.end();
      }, fail)
      .finally(() => open.delete(ending));
  };
}

const serve = async (log: EventLog, call: ReadCall, signal: AbortSignal): Promise<void> =>
  sendFrames(call, await frames(log, call, signal), signal);

async function frames(
  log: EventLog,
  call: ReadCall,
  signal: AbortSignal,
): Promise<AsyncIterable<readonly Frame[]>> {
  const plan = readPlan(call.request);
  const { stream, count } = plan;
  if (count !== undefined) return readFrames(log, plan, count);
  const followed =
    stream === undefined ? followAll(log, plan) : await followStream(log, plan, stream);
  return subscription(log, followed, signal);
}
