import { Buffer } from 'node:buffer';
import type { Input } from './input.ts';
import type { Family } from './tokenizer.ts';
import { countTokens, tokensAtMost } from './tokenizer.ts';

/** Tokens that a chat template puts around one message or tool, and around the whole. */
const perWrapper: Readonly<Record<Family, number>> = {
  sandbox: 3,
  o200k_base: 4,
  cl100k_base: 4,
  unknown: 16,
};
const around = 3;

/** A vocabulary may mark where a text without a template begins and ends. */
const perBareText = 2;

type Countable = Pick<Input, 'texts' | 'wrappers' | 'tokens' | 'client'>;

/** The tokens of an input as its family counts them; the nearest family where there is none. */
export const inputTokens = async (family: Family, input: Countable): Promise<number> =>
  beside(family, input) + (await countTokens(family, input.texts, input.client));

/** Tokens that are in no text. */
const beside = (family: Family, { wrappers, tokens = 0 }: Countable): number =>
  tokens + (wrappers === null ? 0 : around + wrappers * perWrapper[family]);

/** Never less than what an upstream of this family may count (`ops/charging.md`). */
export async function inputBound(family: Family, input: Input): Promise<number> {
  const { texts, wrappers, client } = input;
  if (family === 'sandbox') return inputTokens(family, input);
  const marks = wrappers === null ? perBareText * Math.max(1, texts.length) : 0;
  const known = beside(family, input) + marks;
  if (family !== 'unknown')
    return Math.ceil((known + (await tokensAtMost(family, texts, client))) * 1.1);
  return texts.reduce((total, text) => total + Buffer.byteLength(text), known);
}
