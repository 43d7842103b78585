import { broken } from '../chat-stream.ts';
import { codePoints } from '../code-points.ts';
import type { Endpoint } from './endpoint.ts';
import { eventStream } from './event-stream.ts';
import { readCharacters } from './sound-measures.ts';

/**
 * A text is read aloud. What comes is bytes, or events where they were asked for; neither says what a
 * sound of unknown length would cost in tokens, so that it is sold by the character alone. An allowance
 * of characters pays for the text.
 */
export const speech: Endpoint = {
  path: '/audio/speech',
  idPrefix: null,
  namesModel: false,
  measures: [readCharacters],
  inputOf({ input }) {
    const text = typeof input === 'string' ? input : '';
    return { texts: [text], wrappers: null, characters: codePoints(text) };
  },
  bodyOf: ({ body, model }) => ({ ...body, model }),
  answerOf() {
    throw broken('The upstream gave no usable answer.');
  },
  saidIn: ({ usage }) => usage,
  streamsBytes: ({ stream_format: format }) => format !== 'sse',
  asEvent: null,
  stream: () => eventStream((type) => type === 'speech.audio.done'),
  mayBeLast: ({ bytes, type }) => bytes !== undefined || type === 'speech.audio.done',
  choicesIn: () => [],
  namesIn: () => [],
  changeText: () => undefined,
  piecesIn: () => 0,
  usageAs: () => undefined,
};
