import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Hooks {
  before(title: string, run: () => Promise<void>): void;
  readonly after: { always(title: string, run: () => Promise<void>): void };
}

/** Starts a server on a free port for one test file and returns how to get its URL. */
export function listening(test: Hooks, make: () => Promise<Server>): () => string {
  let server: Server | undefined;
  let url = '';
  test.before('the server listens', async () => {
    const made = await make();
    server = made;
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
  });
  test.after.always('the server stops', async () => {
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  });
  return () => url;
}
