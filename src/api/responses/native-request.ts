import type { NameOf } from '../../adapters/llm/field-names.ts';
import type { Json } from '../../adapters/llm/upstream.ts';
import type { Item } from './input-items.ts';
import type { ResponsesRequest } from './schemas.ts';
import { unsealed } from './sealed-thought.ts';

/** A request for an upstream that speaks Responses itself: unknown fields and all, but nothing that only we know. */
export const nativeOf = (request: ResponsesRequest): Json => ({
  ...request,
  input: itemsOf(request).map(({ item }) => item),
});

/** With the place in the request that each comes from. */
const itemsOf = ({ input }: ResponsesRequest) =>
  input.flatMap((given, index) => itemOf(given).map((item) => ({ item, index })));

/** What a path into it is called in the request; of one that leads to nothing there nothing is known. */
export function nativeNames(request: ResponsesRequest): NameOf {
  let places: readonly number[] | undefined;
  return (path) => {
    const [, place, rest = ''] = /^input\.?\[?(\d+)\]?(.*)$/.exec(path) ?? [];
    if (place === undefined) return path;
    // A text may name many, and looking through all that was thought takes its time.
    places ??= itemsOf(request).map(({ index }) => index);
    const index = places[Number(place)];
    return index === undefined ? undefined : `input[${index}]${rest}`;
  };
}

/** Ids are of answers that nobody has kept, and thoughts that were sealed elsewhere are nobody's. */
function itemOf({ id: _, ...item }: Item): readonly Json[] {
  switch (item.type) {
    case 'reasoning':
      return item.encrypted_content && !unsealed(item.encrypted_content) ? [item] : [];
    case 'message':
      return [item.role === 'assistant' ? { ...item, content: item.content.map(saidOf) } : item];
    default:
      return [item];
  }
}

/** What an assistant said is output, also where a client wrote it as a bare text. */
const saidOf = (part: Json): Json =>
  part.type === 'input_text' ? { ...part, type: 'output_text', annotations: [] } : part;
