import { Buffer } from 'node:buffer';
import { isJson } from './chat-stream.ts';
import { codePoints } from './code-points.ts';
import { jsonBeginning } from './json-beginning.ts';
import type { Family } from './tokenizer.ts';
import { countTokens } from './tokenizer.ts';
import type { Json } from './upstream.ts';
import { calledIn, changeWritten } from './written.ts';

/** Everything that a model has written in a call, kept in case nobody else counts it. */
export interface Received {
  /** Notes a chunk's or a body's text. */
  take(answer: Json): void;
  /** Notes the text in a body of which only the beginning came. */
  takePartial(text: string): void;
  /** Nothing that a model has written was taken. */
  isEmpty(): boolean;
  /** All that was taken is now with the client. */
  delivered(): void;
  isDelivered(): boolean;
  /** About how many tokens were taken: cheap, and near enough to know when to count. */
  roughTokens(): number;
  /** What each choice has written since the last time. */
  newText(): ReadonlyMap<number, string>;
  /** Code points of all but names. */
  characters(which: 'received' | 'delivered'): number;
  tokens(family: Family, which: 'received' | 'delivered'): Promise<number>;
}

export function received(): Received {
  const texts: string[] = [];
  const owners: number[] = [];
  const names = new Set<number>();
  let bytes = 0;
  let toldTexts = 0;
  let deliveredTexts = 0;
  let isDelivered = false;

  const add = (owner: number, text: unknown) => {
    if (typeof text !== 'string' || text === '') return;
    texts.push(text);
    owners.push(owner);
    bytes += Buffer.byteLength(text);
  };
  const addName = (owner: number, name: unknown) => {
    const index = texts.length;
    add(owner, name);
    if (texts.length > index) names.add(index);
  };
  const addMessage = (owner: number, message: Json) => {
    for (const { name } of calledIn(message)) addName(owner, name);
    changeWritten(message, (text) => {
      add(owner, text);
      return text;
    });
  };

  const countOf = (which: 'received' | 'delivered') =>
    which === 'received' ? texts.length : deliveredTexts;
  const byOwner = (from: number, to: number): ReadonlyMap<number, string> => {
    const joined = new Map<number, string>();
    for (let index = from; index < to; index += 1) {
      const owner = owners[index] ?? 0;
      joined.set(owner, (joined.get(owner) ?? '') + (texts[index] ?? ''));
    }
    return joined;
  };

  const take = ({ choices }: Json) => {
    if (!Array.isArray(choices)) return;
    for (const choice of choices) {
      if (!isJson(choice)) continue;
      const message = choice.delta ?? choice.message;
      if (isJson(message)) addMessage(Number(choice.index ?? 0), message);
    }
  };

  return {
    take,
    takePartial(text) {
      const body = jsonBeginning(text);
      if (isJson(body)) take(body);
    },
    isEmpty: () => texts.length === 0,
    delivered() {
      isDelivered = true;
      deliveredTexts = texts.length;
    },
    isDelivered: () => isDelivered,
    roughTokens: () => bytes / 4,
    newText() {
      const from = toldTexts;
      toldTexts = texts.length;
      return byOwner(from, toldTexts);
    },
    characters(which) {
      const written = texts.slice(0, countOf(which)).filter((_, index) => !names.has(index));
      return written.reduce((total, text) => total + codePoints(text), 0);
    },
    tokens: (family, which) => countTokens(family, [...byOwner(0, countOf(which)).values()]),
  };
}
