import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';

/** Longer than clients and proxies keep an idle connection, so that they close it and never we. */
const keepAliveMs = 75_000;
/** How often connections are looked at that became idle while the server closes. */
const lookMs = 25;

export interface Listening {
  readonly port: number;
  /** Takes no new connection; resolves when the last request is answered. */
  close(): Promise<void>;
  /** Cuts what is still connected. */
  cut(): void;
}

/** The port that was asked for is taken or not allowed. */
export class PortUnusable extends Error {
  override readonly name = 'PortUnusable';
}

/** Serves HTTP. A port that is taken is a plain error that names it. */
export async function listen(
  { port, host }: { readonly port: number; readonly host: string },
  handle: RequestListener,
): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: keepAliveMs }, handle);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new PortUnusable(`Port ${port} on ${host} can’t be used; set PORT to another one.`, {
      cause: error,
    });
  }
  return {
    port: portOf(server),
    close: () => close(server),
    cut: () => server.closeAllConnections(),
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection that still had a request becomes idle later, and would be kept for the next one.
  const timer = setInterval(() => server.closeIdleConnections(), lookMs);
  await closed;
  clearInterval(timer);
}
