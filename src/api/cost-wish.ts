import { z } from 'zod';
import type { Json } from '../adapters/llm/upstream.ts';

const Options = z.looseObject({ include_cost: z.unknown().optional() });

/** Whether a call wants to be told its charge, and its body without that wish: it is for nobody else. */
export function costWish(
  body: Readonly<Json>,
  header: string,
): { readonly body: Readonly<Json>; readonly wantsCost: boolean } {
  const byHeader = header.toLowerCase() === 'true';
  const options = Options.safeParse(body.stream_options);
  if (!options.success) return { body, wantsCost: byHeader };
  const { include_cost: wish, ...others } = options.data;
  if (wish === undefined) return { body, wantsCost: byHeader };
  return { body: { ...body, stream_options: others }, wantsCost: byHeader || wish === true };
}
