import { unusable } from '../call-fault.ts';
import { codePoints } from '../code-points.ts';
import { refuseUnbounded } from '../input.ts';
import type { Endpoint } from './endpoint.ts';
import { eventStream } from './event-stream.ts';
import { plain } from './plain.ts';
import { readCharacters } from './sound-measures.ts';

/**
 * A text is read aloud. What comes is bytes, or events where they were asked for; neither says what a
 * sound of unknown length would cost in tokens, so that it is sold by the character alone. An allowance
 * of characters pays for the text.
 */
export const speech: Endpoint = {
  ...plain,
  path: '/audio/speech',
  measures: [readCharacters],
  inputOf(body) {
    refuseUnbounded(body);
    const { input } = body;
    const text = typeof input === 'string' ? input : '';
    return { texts: [text], wrappers: null, characters: codePoints(text) };
  },
  bodyOf: ({ body, model }) => ({ ...body, model }),
  answerOf() {
    throw unusable();
  },
  streamsBytes: ({ stream_format: format }) => format !== 'sse',
  stream: () => eventStream((type) => type === 'speech.audio.done'),
  mayBeLast: ({ bytes, type }) => bytes !== undefined || type === 'speech.audio.done',
};
