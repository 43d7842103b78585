import { heardTokens, spokenTokens } from './chat-sounds.ts';
import type { Came, OwnCount } from './endpoints/measure.ts';
import type { Input } from './input.ts';
import type { Received } from './received.ts';
import type { Reader } from './whole-input.ts';
import { wholeInputTokens } from './whole-input.ts';

/** All that a call has read and written, as nobody else counts it. */
export async function ownTokens(
  reader: Reader,
  input: Input,
  received: Received,
  which: 'received' | 'delivered',
): Promise<OwnCount> {
  const [read, output] = await Promise.all([
    wholeInputTokens(reader, input),
    received.tokens(reader.family, which),
  ]);
  return { input: read, output, ...ownSounds(reader, input, received, which) };
}

/** What of it is no text. */
export const ownSounds = (
  reader: Reader,
  { sounds, voice }: Input,
  received: Received,
  which: 'received' | 'delivered',
): Omit<OwnCount, 'input' | 'output'> => ({
  heard: heardTokens(reader, sounds),
  spoken: spokenTokens(reader, voice, received.spokenBytes(which)),
  pieces: received.pieces(which),
});

/** What is known of an answer that came whole. */
export const cameOf = (received: Received): Came => ({
  isEmpty: received.isEmpty(),
  pieces: received.pieces('received'),
  hasSpoken: received.spokenBytes('received') > 0,
});
