import { chatAnswer, chatStream, isJson } from '../chat-stream.ts';
import { bareInputOf } from '../input.ts';
import { usageAsOpenAi } from '../usage.ts';
import type { Endpoint } from './endpoint.ts';
import { textTokens } from './measure.ts';
import { withUsage } from './with-usage.ts';

const known: ReadonlySet<string> = new Set(['prompt', 'best_of', 'echo']);

/**
 * The older way to ask: a choice is a text. `n` of a call counts every answer that is written, also those
 * that `best_of` has thrown away. Tokens given as numbers can't be measured in characters, so that such
 * a call takes no allowance of them.
 */
export const completions: Endpoint = {
  path: '/completions',
  idPrefix: 'cmpl-',
  namesModel: true,
  measures: [textTokens],
  inputOf: (body) => bareInputOf(body, 'prompt', known),
  bodyOf({ body, model, stream, maxOutput }) {
    const { max_completion_tokens: _, ...rest } = body;
    return withUsage({ ...rest, model, max_tokens: maxOutput }, stream);
  },
  answerOf: chatAnswer,
  saidIn: ({ usage }) => usage,
  streamsBytes: () => false,
  asEvent: null,
  stream: chatStream,
  mayBeLast: null,
  choicesIn: ({ choices }) => (Array.isArray(choices) ? choices.filter(isJson) : []),
  namesIn: () => [],
  changeText(choice, change) {
    if (typeof choice.text === 'string') choice.text = change(choice.text);
  },
  piecesIn: () => 0,
  usageAs: usageAsOpenAi,
};
