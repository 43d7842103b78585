import { once } from 'node:events';
import type { Server } from 'node:http';

export interface Serving {
  readonly url: string;
  /** Cuts whatever is under way. */
  close(): Promise<void>;
}

/** A server on a free port of this machine. */
export async function serving(server: Server): Promise<Serving> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('The server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
