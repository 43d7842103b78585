import type { Family } from './tokenizer.ts';
import { countTokens } from './tokenizer.ts';

/** So much text is recounted at most, whatever it looks like. */
const longestOpen = 4_096;

/** Counts a text that grows; from one time to the next only what is new, and the word before it. */
export function tokenTally(family: Family): (more: string) => Promise<number> {
  let settled = 0;
  let open = '';
  return async (more) => {
    open += more;
    const end = family === 'sandbox' ? 0 : settledUpTo(open);
    if (end > 0) {
      settled += await countTokens(family, [open.slice(0, end)]);
      open = open.slice(end);
    }
    return settled + (await countTokens(family, [open]));
  };
}

const wordBegins = /\S \p{L}/u;

/** Where no token goes across: before a space between words. */
function settledUpTo(text: string): number {
  for (let at = text.lastIndexOf(' '); at > 0; at = text.lastIndexOf(' ', at - 1)) {
    if (wordBegins.test(text.slice(at - 1, at + 3))) return at;
    if (text.length - at > longestOpen) break;
  }
  return text.length > longestOpen ? text.length : 0;
}
