import type { Input } from './input.ts';
import { objectsIn } from './json.ts';
import type { Json } from './upstream.ts';

/** A seal is a third longer than what is in it, as bytes; few tokens of a thought are shorter than three. */
const charactersPerToken = 4;

/**
 * The same with the thoughts that an upstream has sealed itself: no chat carries them, but one that speaks
 * Responses is sent them back, and reads them as input.
 */
export function withSeals(input: Input, native: Readonly<Json> | undefined): Input {
  const given = native?.input;
  const items = objectsIn(given);
  const sealed = items.reduce((all, { encrypted_content: seal }) => all + lengthOf(seal), 0);
  if (sealed === 0) return input;
  return { ...input, tokens: (input.tokens ?? 0) + Math.ceil(sealed / charactersPerToken) };
}

const lengthOf = (seal: unknown): number => (typeof seal === 'string' ? seal.length : 0);
