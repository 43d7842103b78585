import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Channel } from '@grpc/grpc-js';

/** What may be on its way to us unread. */
export const windowBytes = 2 * 1024 * 1024;

/**
 * Whoever is read from much waits to be told of room after every 64 KB, unless there was more from the
 * start. The client has no setting for what its library has an option for.
 */
export function withWideWindow(client: EventStoreDBClient): EventStoreDBClient {
  // biome-ignore lint/complexity/useLiteralKeys: private, and reachable in this way only
  const narrow = client['createChannel'];
  Reflect.set(client, 'createChannel', async (): Promise<Channel> => {
    const channel = await narrow();
    // It connects later, by these.
    const options = within(within(channel, 'internalChannel'), 'options');
    Reflect.set(options, 'grpc-node.flow_control_window', windowBytes);
    return channel;
  });
  return client;
}

function within(thing: object, name: string): object {
  const value: unknown = Reflect.get(thing, name);
  if (typeof value === 'object' && value !== null) return value;
  throw new TypeError(`The channel has no ${name}: its library has changed.`);
}
