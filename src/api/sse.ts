import type { ServerResponse } from 'node:http';

/** How an event is written, and what stands behind the last one of a whole answer. */
export interface Framing<Event> {
  readonly frame: (event: Event) => string;
  readonly end: string;
}

/** Events on their way to a client, at the client's own speed. */
export interface EventStream<Event> {
  /** Each batch becomes one write. */
  readonly batches: AsyncIterable<readonly Event[]>;
  readonly framing: Framing<Event>;
  /** Aborts when waiting for the client has no purpose any longer. */
  readonly ended: AbortSignal;
  /** A client that takes nothing for so long has stopped reading; `stalled` is told, once. */
  readonly stallMs: number;
  readonly stalled: () => void;
  /** So often a comment is sent while nothing else is, for whoever on the way ends silent connections. */
  readonly keepAliveMs: number;
  /** What an error in the middle says to the client. */
  readonly errorBody: (error: unknown) => Event;
}

export const eventStreamType = 'text/event-stream; charset=utf-8';

/** Nothing on the way may collect events, or change them. */
export const eventStreamHeaders = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const;

/** Data only, and an end mark. */
export const openAiFraming: Framing<unknown> = {
  frame: (event) => `data: ${JSON.stringify(event)}\n\n`,
  end: 'data: [DONE]\n\n',
};

/** Data only; an event says in its data what it is, the last one too. */
export const bareFraming: Framing<unknown> = { ...openAiFraming, end: '' };

/** Events named after their type. */
export const anyNamedFraming: Framing<unknown> = {
  frame: (event) => {
    const data = JSON.stringify(event);
    const type =
      typeof event === 'object' && event !== null && 'type' in event ? String(event.type) : '';
    return /^[\w.]+$/.test(type) ? `event: ${type}\ndata: ${data}\n\n` : `data: ${data}\n\n`;
  },
  end: '',
};

/** Named events; the last one says by its name that it is. */
export const namedFraming: Framing<{ readonly type: string }> = {
  frame: (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
  end: '',
};

/** Writes events and the end mark; after an error it writes that instead of the mark. */
export async function sendEvents<Event>(
  response: ServerResponse,
  stream: EventStream<Event>,
): Promise<void> {
  const { frame, end: mark } = stream.framing;
  const alive = keepAlive(response, stream.keepAliveMs);
  try {
    for await (const batch of stream.batches) {
      if (response.destroyed) return;
      alive.refresh();
      if (!response.write(batch.map(frame).join(''))) await drained(response, stream);
    }
    end(response, mark);
  } catch (error) {
    end(response, frame(stream.errorBody(error)));
  } finally {
    clearInterval(alive);
  }
}

const comment = ': keep-alive\n\n';

/** Only for who reads: a comment in a full buffer keeps nothing alive. */
const keepAlive = (response: ServerResponse, everyMs: number): NodeJS.Timeout =>
  setInterval(() => {
    if (!response.writableNeedDrain && !response.writableEnded) response.write(comment);
  }, everyMs);

function end(response: ServerResponse, text: string): void {
  if (response.destroyed) return;
  // Who reads nothing would keep the connection for ever.
  if (response.writableNeedDrain) response.destroy();
  else response.end(text);
}

/** Bytes on their way to a client: after an error it sees the connection break, as there is no way to say it. */
export async function sendBytes(
  response: ServerResponse,
  stream: Omit<EventStream<unknown>, 'framing' | 'batches'> & {
    readonly batches: AsyncIterable<
      readonly { readonly bytes?: unknown; readonly [field: string]: unknown }[]
    >;
  },
): Promise<void> {
  try {
    for await (const batch of stream.batches) {
      for (const { bytes } of batch) {
        if (response.destroyed) return;
        if (bytes instanceof Uint8Array && !response.write(bytes)) await drained(response, stream);
      }
    }
    end(response, '');
  } catch (error) {
    stream.errorBody(error);
    response.destroy();
  }
}

/** Until the client has taken what was written, is gone, or takes too long. */
async function drained(
  response: ServerResponse,
  stream: Pick<EventStream<unknown>, 'ended' | 'stallMs' | 'stalled'>,
): Promise<void> {
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
