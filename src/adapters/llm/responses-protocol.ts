import type { Protocol } from './http-upstream.ts';
import { refusal } from './refusal.ts';
import { responsesAnswer, responsesBeginning } from './responses-answer.ts';
import { responsesStream } from './responses-stream.ts';

/** A server that speaks Responses itself: what it answers passes as it is, beside what is counted of it. */
export const responsesProtocol = (headers: Protocol['headers']): Protocol => ({
  path: '/responses',
  headers,
  bodyOf: ({ native, model, stream, maxOutput }) => ({
    ...native,
    ...{ model, stream, max_output_tokens: maxOutput, store: false },
  }),
  answerOf: responsesAnswer,
  beginningOf: responsesBeginning,
  stream: responsesStream,
  refusalOf: refusal,
});
