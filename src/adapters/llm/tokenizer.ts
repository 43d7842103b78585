import { Buffer } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CallFault } from './call-fault.ts';

/** A vocabulary: models of one family count alike. `unknown`: nobody has told us. */
export type Family = 'o200k_base' | 'cl100k_base' | 'sandbox' | 'unknown';

type Count = (text: string) => number;

/** Long words cost a byte-pair encoder more than linear time, so it never sees more at once. */
const sliceLength = 4_096;
/** What a vocabulary takes for one word, longer than any is: its cost grows with the square. */
const endless = /(?<![\p{L}\p{M}])[\p{L}\p{M}]{257}|(?<![^\s\p{L}\p{N}])[^\s\p{L}\p{N}]{257}/u;
const pieceLength = 256;
/** So long nothing else runs in this process. */
const turnMs = 5;

const o200k = /^(gpt-4o|gpt-4\.[15]|gpt-5|gpt-oss|chatgpt-|codex-mini|o1|o3|o4)/;
const cl100k = /^(gpt-4|gpt-3\.5|text-embedding-(ada-002|3-)|(babbage|davinci)-002)/;

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

/**
 * Tokens of some texts; long ones are counted over several turns of the event loop. Throws a `CallFault`
 * when the client that it is counted for is gone meanwhile.
 */
export const countTokens = (
  family: Family,
  texts: readonly string[],
  client?: AbortSignal,
): Promise<number> => counted(family, { texts, client }, inPieces);

/** Never less than `countTokens`; a caller without credit can't make it much work. */
export const tokensAtMost = (
  family: Family,
  texts: readonly string[],
  client?: AbortSignal,
): Promise<number> => counted(family, { texts, client }, (_, slice) => Buffer.byteLength(slice));

interface Counting {
  readonly texts: readonly string[];
  readonly client: AbortSignal | undefined;
}

const inPieces = (count: Count, slice: string): number => {
  let total = 0;
  for (let from = 0; from < slice.length; from += pieceLength) {
    total += count(slice.slice(from, from + pieceLength));
  }
  return total;
};

async function counted(
  family: Family,
  { texts, client }: Counting,
  countEndless: (count: Count, slice: string) => number,
): Promise<number> {
  const count = await vocabulary(family);
  if (family === 'sandbox') return texts.reduce((total, text) => total + count(text), 0);
  let total = 0;
  let since = performance.now();
  for (const slice of slicesOf(texts)) {
    if (performance.now() - since > turnMs) {
      await nextTurn();
      if (client?.aborted) throw new CallFault('client_closed', 'Nobody waits for the count.');
      since = performance.now();
    }
    total += isEndless(slice) ? countEndless(count, slice) : count(slice);
  }
  return total;
}

function* slicesOf(texts: readonly string[]): Generator<string> {
  for (const text of texts) {
    if (text.length <= sliceLength) yield text;
    else
      for (let at = 0; at < text.length; at += sliceLength) yield text.slice(at, at + sliceLength);
  }
}

/** The first pattern is cheap and seldom met. */
const isEndless = (slice: string): boolean =>
  slice.length > pieceLength && /\S{257}/.test(slice) && endless.test(slice);
