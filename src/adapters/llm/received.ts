import { Buffer } from 'node:buffer';
import { codePoints } from './code-points.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { isJson } from './json.ts';
import { jsonBeginning } from './json-beginning.ts';
import type { Family } from './tokenizer.ts';
import { countTokens } from './tokenizer.ts';
import type { Json } from './upstream.ts';

/** Everything that a model has written in a call, kept in case nobody else counts it. */
export interface Received {
  /** Notes a chunk's or a body's text. */
  take(answer: Json): void;
  /** Notes the text in a body of which only the beginning came. */
  takePartial(text: string): void;
  /** Nothing that a model has written was taken. */
  isEmpty(): boolean;
  /** All that was taken is now with the client, but for so many pieces that wait for their charge. */
  delivered(withheld?: number): void;
  isDelivered(): boolean;
  /** About how many tokens were taken, a piece for many: cheap, and near enough to know when to count. */
  roughTokens(): number;
  /** What each choice has written since the last time. */
  newText(): ReadonlyMap<number, string>;
  /** Whole things that are sold by the piece. */
  pieces(which: 'received' | 'delivered'): number;
  /** Bytes of sound. */
  spokenBytes(which: 'received' | 'delivered'): number;
  /** Code points of all but names. */
  characters(which: 'received' | 'delivered'): number;
  tokens(family: Family, which: 'received' | 'delivered'): Promise<number>;
}

const tokensPerPiece = 256;
/** Of bare samples; what is packed has more to tell. */
const soundBytesPerToken = 2_400;

type Told = Pick<Endpoint, 'choicesIn' | 'namesIn' | 'changeText' | 'soundIn' | 'piecesIn'>;

/** What counts as written is for the endpoint to say. */
export function received({ choicesIn, namesIn, changeText, soundIn, piecesIn }: Told): Received {
  const written = textsByChoice();
  let toldTexts = 0;
  let deliveredTexts = 0;
  const pieces = { received: 0, delivered: 0 };
  const spoken = { received: 0, delivered: 0 };
  let isDelivered = false;

  const countOf = (which: 'received' | 'delivered') =>
    which === 'received' ? written.count() : deliveredTexts;

  const take = (answer: Json) => {
    pieces.received += piecesIn(answer);
    for (const choice of choicesIn(answer)) {
      const owner = Number(choice.index ?? 0);
      for (const name of namesIn(choice)) written.addName(owner, name);
      const sound = soundIn(choice);
      if (typeof sound === 'string') spoken.received += Buffer.byteLength(sound, 'base64');
      changeText(choice, (text) => {
        written.add(owner, text);
        return text;
      });
    }
  };

  return {
    take,
    takePartial(text) {
      const body = jsonBeginning(text);
      if (!isJson(body)) return;
      take(body);
      // The last one that has begun is not whole.
      if (piecesIn(body) > 0) pieces.received -= 1;
    },
    isEmpty: () => written.count() === 0 && spoken.received === 0,
    delivered(withheld = 0) {
      isDelivered = true;
      deliveredTexts = written.count();
      pieces.delivered = pieces.received - withheld;
      spoken.delivered = spoken.received;
    },
    isDelivered: () => isDelivered,
    pieces: (which) => pieces[which],
    spokenBytes: (which) => spoken[which],
    roughTokens: () =>
      written.bytes() / 4 + tokensPerPiece * pieces.received + spoken.received / soundBytesPerToken,
    newText() {
      const from = toldTexts;
      toldTexts = written.count();
      return written.joined(from, toldTexts);
    },
    characters: (which) => written.characters(countOf(which)),
    tokens: (family, which) => countTokens(family, [...written.joined(0, countOf(which)).values()]),
  };
}

/** Texts in the order in which they came, each of a choice; names are told apart from what is said. */
function textsByChoice() {
  const texts: string[] = [];
  const owners: number[] = [];
  const names = new Set<number>();
  let bytes = 0;

  const add = (owner: number, text: unknown) => {
    if (typeof text !== 'string' || text === '') return;
    texts.push(text);
    owners.push(owner);
    bytes += Buffer.byteLength(text);
  };

  return {
    add,
    addName(owner: number, name: unknown) {
      const index = texts.length;
      add(owner, name);
      if (texts.length > index) names.add(index);
    },
    count: () => texts.length,
    bytes: () => bytes,
    /** Of some of the texts: all of a choice as one. */
    joined(from: number, to: number): ReadonlyMap<number, string> {
      const joined = new Map<number, string>();
      for (let index = from; index < to; index += 1) {
        const owner = owners[index] ?? 0;
        joined.set(owner, (joined.get(owner) ?? '') + (texts[index] ?? ''));
      }
      return joined;
    },
    /** Code points of the first ones, without names. */
    characters(upTo: number): number {
      const said = texts.slice(0, upTo).filter((_, index) => !names.has(index));
      return said.reduce((total, text) => total + codePoints(text), 0);
    },
  };
}
