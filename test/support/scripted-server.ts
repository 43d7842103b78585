import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { serving } from './serving.ts';

/** How a server answers one request. */
export interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, unless it is text already. */
  readonly body?: unknown;
  /** What stands in the lines of an event stream, `data: ` before those that are no comments. */
  readonly events?: readonly unknown[];
}

interface ReceivedBody {
  readonly [field: string]: unknown;
  readonly model?: unknown;
  readonly stream_options?: unknown;
}

export interface Received {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed; null for a request without one. */
  readonly body: ReceivedBody | null;
}

export interface ScriptedServer {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** An HTTP server that answers as it is told, and remembers what it was asked. */
export async function startScriptedServer(
  answer: (received: Received) => Scripted | Promise<Scripted>,
): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const text = Buffer.concat(parts).toString();
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, headers, body: text === '' ? null : JSON.parse(text) };
    received.push(one);
    const { status = 200, headers: more = {}, body, events } = await answer(one);
    const type = events ? 'text/event-stream' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...more });
    for (const event of events ?? []) {
      response.write(lineOf(event));
      await nextTurn();
    }
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return { ...(await serving(server)), received };
}

function lineOf(event: unknown): string {
  if (typeof event !== 'string') return `data: ${JSON.stringify(event)}\n\n`;
  return event.startsWith(':') ? `${event}\n\n` : `data: ${event}\n\n`;
}
