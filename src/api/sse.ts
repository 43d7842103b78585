import type { ServerResponse } from 'node:http';

/** Events on their way to a client, at the client's own speed. */
export interface EventStream {
  /** Each batch becomes one write. */
  readonly batches: AsyncIterable<readonly unknown[]>;
  /** Aborts when waiting for the client has no purpose any longer. */
  readonly ended: AbortSignal;
  /** A client that takes nothing for so long has stopped reading; `stalled` is told, once. */
  readonly stallMs: number;
  readonly stalled: () => void;
  /** What an error in the middle says to the client. */
  readonly errorBody: (error: unknown) => unknown;
}

export const eventStreamType = 'text/event-stream; charset=utf-8';

/** Nothing on the way may collect events, or change them. */
export const eventStreamHeaders = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const;

/** Writes events and the end mark; after an error it writes that instead of the mark. */
export async function sendEvents(response: ServerResponse, stream: EventStream): Promise<void> {
  try {
    for await (const batch of stream.batches) {
      if (response.destroyed) return;
      if (!response.write(textOf(batch))) await drained(response, stream);
    }
    end(response, 'data: [DONE]\n\n');
  } catch (error) {
    end(response, textOf([stream.errorBody(error)]));
  }
}

function textOf(events: readonly unknown[]): string {
  let text = '';
  for (const event of events) text += `data: ${JSON.stringify(event)}\n\n`;
  return text;
}

function end(response: ServerResponse, text: string): void {
  if (response.destroyed) return;
  // Who reads nothing would keep the connection for ever.
  if (response.writableNeedDrain) response.destroy();
  else response.end(text);
}

/** Until the client has taken what was written, is gone, or takes too long. */
async function drained(response: ServerResponse, stream: EventStream): Promise<void> {
  const { ended, stallMs, stalled } = stream;
  const { promise, resolve } = Promise.withResolvers<void>();
  const give = () => resolve();
  const timer = setTimeout(() => {
    stalled();
    resolve();
  }, stallMs);
  response.once('drain', give);
  response.once('close', give);
  if (ended.aborted) resolve();
  else ended.addEventListener('abort', give, { once: true });
  await promise;
  clearTimeout(timer);
  response.off('drain', give);
  response.off('close', give);
  ended.removeEventListener('abort', give);
}
