import { randomUUID } from 'node:crypto';
import type { Runners } from './adapters/eventstore/runners.ts';
import type { CommandContext } from './domain/envelope.ts';
import { firstPriceLists, firstRoutes } from './domain/first-models.ts';
import { streamOf } from './domain/streams.ts';

/** Publishes what a fresh installation sells; what an operator has changed since stays as it is. */
export async function publishFirstModels(
  { priceList, route }: Pick<Runners, 'priceList' | 'route'>,
  clock: () => Date,
): Promise<void> {
  const context = (): CommandContext => ({
    commandId: `first-models/${randomUUID()}`,
    correlationId: 'start',
    actor: { type: 'system', id: 'start' },
    at: clock().toISOString(),
    source: 'start',
  });
  for (const terms of firstPriceLists) {
    const stream = streamOf.priceList(terms.alias);
    const { revision } = await priceList.load(stream);
    if (revision === null) await priceList.run(stream, (at) => ({ ...terms, at }), context());
  }
  for (const command of firstRoutes) {
    const stream = streamOf.route(command.alias);
    const { revision } = await route.load(stream);
    if (revision === null) await route.run(stream, () => command, context());
  }
}
