import { Buffer } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A vocabulary: models of one family count alike. `unknown`: nobody has told us. */
export type Family = 'o200k_base' | 'cl100k_base' | 'sandbox' | 'unknown';

type Count = (text: string) => number;

/** Long words cost a byte-pair encoder more than linear time, so it never sees more at once. */
const sliceLength = 4_096;
const slicesPerTurn = 16;

const o200k = /^(gpt-4o|gpt-4\.[15]|gpt-5|gpt-oss|chatgpt-|codex-mini|o1|o3|o4)/;
const cl100k = /^(gpt-4|gpt-3\.5)/;

/** The family of a model by its name, `vendor/` in front or not. */
export function familyOf(model: string): Family {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  if (o200k.test(name)) return 'o200k_base';
  return cl100k.test(name) ? 'cl100k_base' : 'unknown';
}

/** The sandbox's vocabulary: four bytes are a token. */
export const sandboxTokens: Count = (text) => Math.ceil(Buffer.byteLength(text) / 4);

// What looks like a control token is text here: it comes from callers.
const asText = { disallowedSpecial: new Set<string>() };

const vocabularies: Readonly<Record<'o200k_base' | 'cl100k_base', () => Promise<Count>>> = {
  o200k_base: async () => {
    const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
    return (text) => countTokens(text, asText);
  },
  cl100k_base: async () => {
    const { countTokens } = await import('gpt-tokenizer/encoding/cl100k_base');
    return (text) => countTokens(text, asText);
  },
};

const loaded = new Map<Family, Promise<Count>>();

/** Loads a family's vocabulary, once; the first time takes a fifth of a second. */
export function vocabulary(family: Family): Promise<Count> {
  const known = loaded.get(family);
  if (known !== undefined) return known;
  const count = load(family);
  loaded.set(family, count);
  return count;
}

function load(family: Family): Promise<Count> {
  switch (family) {
    case 'sandbox':
      return Promise.resolve(sandboxTokens);
    case 'o200k_base':
    case 'cl100k_base':
      return vocabularies[family]();
    case 'unknown':
      // The nearest there is: the largest vocabulary in wide use.
      return vocabulary('o200k_base');
  }
}

/** Tokens of some texts; long ones are counted over several turns of the event loop. */
export async function countTokens(family: Family, texts: readonly string[]): Promise<number> {
  const count = await vocabulary(family);
  if (family === 'sandbox') return texts.reduce((total, text) => total + count(text), 0);
  let total = 0;
  let slices = 0;
  for (const text of texts) {
    for (let from = 0; from < text.length; from += sliceLength) {
      if (++slices % slicesPerTurn === 0) await nextTurn();
      total += count(text.length <= sliceLength ? text : text.slice(from, from + sliceLength));
    }
  }
  return total;
}
