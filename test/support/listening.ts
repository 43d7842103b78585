import type { Server } from 'node:http';
import type { Serving } from './serving.ts';
import { serving } from './serving.ts';

interface Hooks {
  before(title: string, run: () => Promise<void>): void;
  readonly after: { always(title: string, run: () => Promise<void>): void };
}

/** Starts a server on a free port for one test file and returns how to get its URL. */
export function listening(test: Hooks, make: () => Promise<Server>): () => string {
  let served: Serving | undefined;
  test.before('the server listens', async () => {
    served = await serving(await make());
  });
  test.after.always('the server stops', async () => {
    await served?.close();
  });
  return () => served?.url ?? '';
}
