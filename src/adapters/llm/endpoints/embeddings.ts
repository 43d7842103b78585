import { inputOf as tokensIn } from '../../../domain/price-list/usage.ts';
import { bareInputOf } from '../input.ts';
import type { Endpoint } from './endpoint.ts';
import { listAnswer, neverStreams } from './list-answer.ts';
import { readTokens } from './measure.ts';

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
  path: '/embeddings',
  idPrefix: null,
  namesModel: true,
  measures: [readTokens],
  inputOf: (body) => bareInputOf(body, 'input', known),
  bodyOf: ({ body, model }) => ({ ...body, model }),
  answerOf: (text) => listAnswer(text, 'data'),
  saidIn: ({ usage }) => usage,
  streamsBytes: () => false,
  asEvent: null,
  stream: neverStreams,
  mayBeLast: null,
  choicesIn: () => [],
  namesIn: () => [],
  changeText: () => undefined,
  piecesIn: () => 0,
  usageAs(usage) {
    const tokens = tokensIn(usage);
    return { prompt_tokens: tokens, total_tokens: tokens };
  },
};
