import { chatAnswer, chatStream } from '../chat-stream.ts';
import { objectsIn } from '../json.ts';
import { usageAsOpenAi } from '../usage.ts';
import type { Endpoint } from './endpoint.ts';
import { listAnswer, neverStreams } from './list-answer.ts';
import { readTokens, textTokens } from './measure.ts';

/** What holds for an endpoint unless it says something else: it writes no text, and names its usage. */
export const plain = {
  idPrefix: null,
  namesModel: false,
  saidIn: ({ usage }) => usage,
  streamsBytes: () => false,
  asEvent: null,
  mayBeLast: null,
  choicesIn: () => [],
  namesIn: () => [],
  changeText: () => undefined,
  soundIn: () => undefined,
  piecesIn: () => 0,
  usageAs: () => undefined,
} satisfies Partial<Endpoint>;

/** A model writes, in choices. */
export const writing = {
  ...plain,
  namesModel: true,
  measures: [textTokens],
  answerOf: chatAnswer,
  stream: chatStream,
  choicesIn: ({ choices }) => objectsIn(choices),
  usageAs: usageAsOpenAi,
} satisfies Partial<Endpoint>;

/** A model reads, and answers with a list in one body. */
export const reading = (list: 'data' | 'results') =>
  ({
    ...plain,
    namesModel: true,
    measures: [readTokens],
    bodyOf: ({ body, model }) => ({ ...body, model }),
    answerOf: (text) => listAnswer(text, list),
    stream: neverStreams,
  }) satisfies Partial<Endpoint>;
