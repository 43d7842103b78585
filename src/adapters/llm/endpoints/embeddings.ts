import { inputOf as tokensIn } from '../../../domain/price-list/usage.ts';
import { bareInputOf } from '../input.ts';
import type { Endpoint } from './endpoint.ts';
import { reading } from './plain.ts';

const known: ReadonlySet<string> = new Set([
  'input',
  'dimensions',
  'encoding_format',
  'input_type',
  'truncate',
  'truncation',
]);

/** A text becomes numbers: what is charged is what is read. An allowance of characters counts its text. */
export const embeddings: Endpoint = {
  ...reading('data'),
  path: '/embeddings',
  inputOf: (body) => bareInputOf(body, 'input', known),
  usageAs(usage) {
    const tokens = tokensIn(usage);
    return { prompt_tokens: tokens, total_tokens: tokens };
  },
};
