import { codePoints, firstCodePoints } from './code-points.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { Json } from './upstream.ts';

/** Cuts a chunk or a body, in place, where a call's characters end; true when it had to. */
export type Limit = (answer: Json) => boolean;

/** A call that is paid in characters gets `most` code points of answer, over all its choices. */
export function characterLimit(
  most: number,
  { choicesIn, changeText }: Pick<Endpoint, 'choicesIn' | 'changeText'>,
): Limit {
  const unfinished = new Set<unknown>();
  let left = most;

  const keep = (text: string): string => {
    const count = codePoints(text);
    const kept = count <= left ? text : firstCodePoints(text, left);
    left -= Math.min(count, left);
    return kept;
  };
  const cutChoice = (choice: Json): boolean => {
    let isCut = false;
    let hasText = false;
    changeText(choice, (text) => {
      const kept = keep(text);
      hasText = true;
      isCut ||= kept !== text;
      return kept;
    });
    if (isCut) choice.finish_reason = 'length';
    // They spell out what was cut off; and without a text, what nobody has counted.
    if (choice.logprobs && (isCut || !hasText)) choice.logprobs = null;
    if (choice.finish_reason) unfinished.delete(choice.index);
    else unfinished.add(choice.index);
    return isCut;
  };

  return (answer) => {
    const isCut = choicesIn(answer).map(cutChoice).includes(true);
    // Where one choice ends for want of characters, the others of a stream do too.
    if (isCut && Array.isArray(answer.choices)) {
      for (const index of unfinished) answer.choices.push(ended(index));
    }
    return isCut;
  };
}

const ended = (index: unknown): Json => ({ index, delta: {}, finish_reason: 'length' });
