import { z } from 'zod';
import type { Json } from '../../adapters/llm/upstream.ts';
import { usageOf } from './response-object.ts';

const Response = z.looseObject({ usage: z.looseObject({}).nullish() });
const Passed = z.looseObject({
  type: z.string(),
  sequence_number: z.int(),
  response: Response.optional(),
});
/** An event of an upstream that speaks Responses itself. */
export type PassedEvent = z.output<typeof Passed>;

/** The event that a chunk carries, if it does; where it tells the usage, the one that was charged. */
export function passedEvent({ native, usage }: Json): PassedEvent | undefined {
  const { data: event } = Passed.safeParse(native);
  if (!(event?.response && usage)) return event;
  return { ...event, response: charged(event.response, usage) };
}

/** The same of a whole answer. */
export function passedResponse({ native, usage }: Json): Json | undefined {
  const { data: response } = Response.safeParse(native);
  return response && charged(response, usage);
}

const charged = (response: z.output<typeof Response>, usage: unknown) => ({
  ...response,
  usage: { ...response.usage, ...usageOf(usage) },
});
