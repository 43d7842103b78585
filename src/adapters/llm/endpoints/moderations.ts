import { isJson } from '../chat-stream.ts';
import { bareInputOf } from '../input.ts';
import type { Endpoint } from './endpoint.ts';
import { listAnswer, neverStreams } from './list-answer.ts';
import { readTokens } from './measure.ts';

const known: ReadonlySet<string> = new Set(['input']);

/** What a text is about is judged. Answers name no usage, so that what is read is counted by us. */
export const moderations: Endpoint = {
  path: '/moderations',
  idPrefix: 'modr-',
  namesModel: true,
  measures: [readTokens],
  inputOf: ({ input, ...rest }) => bareInputOf({ ...rest, input: textsIn(input) }, 'input', known),
  bodyOf: ({ body, model }) => ({ ...body, model }),
  answerOf: (text) => listAnswer(text, 'results'),
  saidIn: ({ usage }) => usage,
  streamsBytes: () => false,
  asEvent: null,
  stream: neverStreams,
  mayBeLast: null,
  choicesIn: () => [],
  namesIn: () => [],
  changeText: () => undefined,
  piecesIn: () => 0,
  usageAs: () => undefined,
};

/** Parts that are texts, as texts; a picture stays what it is, and nothing bounds it. */
const textsIn = (input: unknown): unknown =>
  Array.isArray(input)
    ? input.map((part: unknown) => (isJson(part) && part.type === 'text' ? part.text : part))
    : input;
