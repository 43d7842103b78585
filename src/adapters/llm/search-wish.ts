import type { Prices } from '../../domain/price-list/events.ts';
import { isJson } from './json.ts';
import type { Json } from './upstream.ts';

/** Tokens of what a search finds, which the model reads as input, by how much of it is wished. */
const found = new Map<unknown, number>([
  ['low', 8_192],
  ['medium', 16_384],
  ['high', 32_768],
]);
const usual = 'medium';

export interface Searching {
  /** What the upstream is asked. */
  readonly body: Readonly<Json>;
  /** Tokens of input that a search may add. */
  readonly tokens: number;
  /** Fields that are not passed on. */
  readonly ignored: readonly string[];
}

/**
 * A search has a fee of its own, so it is only passed on where the price has one per request; where
 * it has none, the model answers without.
 */
export function searching(body: Readonly<Json>, { request }: Prices): Searching {
  const { web_search_options: wish, ...rest } = body;
  if (wish === undefined || wish === null) return { body, tokens: 0, ignored: [] };
  if (request === undefined) return { body: rest, tokens: 0, ignored: ['web_search_options'] };
  const { search_context_size: size } = isJson(wish) ? wish : {};
  return {
    body,
    tokens: found.get(size ?? usual) ?? Math.max(...found.values()),
    ignored: [],
  };
}
