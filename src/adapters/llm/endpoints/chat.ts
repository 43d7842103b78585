import { chatAnswer, chatStream, isJson } from '../chat-stream.ts';
import { inputOf } from '../input.ts';
import { completeShape } from '../openai-shape.ts';
import { plainRequest } from '../plain-request.ts';
import { usageAsOpenAi } from '../usage.ts';
import { calledIn, changeWritten } from '../written.ts';
import type { Endpoint } from './endpoint.ts';
import { textTokens } from './measure.ts';
import { withUsage } from './with-usage.ts';

/** A choice writes into a delta or a message. */
export const chat: Endpoint = {
  path: '/chat/completions',
  idPrefix: 'chatcmpl-',
  namesModel: true,
  measures: [textTokens],
  inputOf,
  bodyOf({ body: given, extended, model, stream, maxOutput }, { outputLimit }) {
    const body = extended ? plainRequest(given, model) : given;
    const { max_tokens: _, max_completion_tokens: __, ...rest } = body;
    return withUsage({ ...rest, model, [outputLimit]: maxOutput }, stream);
  },
  answerOf: chatAnswer,
  saidIn: ({ usage }) => usage,
  streamsBytes: () => false,
  asEvent: null,
  stream: chatStream,
  mayBeLast: null,
  choicesIn: ({ choices }) => (Array.isArray(choices) ? choices.filter(isJson) : []),
  namesIn({ delta, message }) {
    const written = delta ?? message;
    return isJson(written) ? calledIn(written).map(({ name }) => name) : [];
  },
  changeText({ delta, message }, change) {
    const written = delta ?? message;
    if (isJson(written)) changeWritten(written, change);
  },
  piecesIn: () => 0,
  complete: completeShape,
  usageAs: usageAsOpenAi,
};
